//! Two pages over plain HTTP/1.1, for this machine alone: `/health` and `/metrics`.

use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How long a request may take to come.
const WITHIN: Duration = Duration::from_secs(2);
/// Bytes of a request that are read.
const REQUEST_BYTES_MAX: usize = 4 << 10;

/// What a page says: its status and its text; none if there is no such page.
pub(super) type Page = Box<dyn Fn(&str) -> Option<(u16, String)> + Send + Sync>;

/// Answers until the task is dropped, one request at a time.
pub(super) async fn serve(listener: TcpListener, page: Page) {
    loop {
        match listener.accept().await {
            // Whoever asks badly gets nothing, and nobody else is concerned.
            Ok((stream, _)) => drop(tokio::time::timeout(WITHIN, answer(stream, &page)).await),
            // Descriptors may be short for a while.
            Err(_) => tokio::time::sleep(WITHIN).await,
        }
    }
}

async fn answer(mut stream: TcpStream, page: &Page) -> io::Result<()> {
    let mut request = Vec::new();
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        let mut piece = [0; 1024];
        let count = stream.read(&mut piece).await?;
        request.extend_from_slice(&piece[..count]);
        if count == 0 || request.len() > REQUEST_BYTES_MAX {
            return Ok(());
        }
    }
    let line = String::from_utf8_lossy(request.split(|byte| *byte == b'\r').next().unwrap_or_default()).into_owned();
    let (status, text) = match line.split(' ').collect::<Vec<_>>().as_slice() {
        ["GET", path, _] => page(path).unwrap_or((404, "no such page: there are /health and /metrics\n".to_owned())),
        _ => (405, "only GET\n".to_owned()),
    };
    let reason = match status {
        200 => "OK",
        404 => "Not Found",
        405 => "Method Not Allowed",
        _ => "Service Unavailable",
    };
    let head = format!(
        "HTTP/1.1 {status} {reason}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        text.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(text.as_bytes()).await?;
    stream.shutdown().await
}
