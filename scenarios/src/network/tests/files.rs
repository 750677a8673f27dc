//! Matrices of one's own.

use super::super::matrix::read;
use proptest::prelude::*;

fn errors(text: &str) -> Vec<String> {
    read(text).expect_err("the test's file is wrong").iter().map(ToString::to_string).collect()
}

#[test]
fn a_table_with_all_columns_is_read() {
    let map = read(
        "place,region,lat,lon,population,lisbon,osaka\n# a remark\nosaka,asia,34.7,135.5,19,241.5,\nlisbon,europe,38.7,-9.1,3,2,240\n",
    )
    .expect("it is right");
    assert_eq!(map.places[0].name, "lisbon");
    assert_eq!(map.regions, ["europe", "asia"]);
    assert_eq!((map.places[1].region, map.places[1].spot.lon, &map.population[..]), (1, 135.5, &[3, 19][..]));
    assert_eq!(map.one_way_ns, [1_000_000, 120_000_000, 120_750_000, 500_000]);
}

#[test]
fn a_table_without_columns_makes_each_place_a_region() {
    let map = read(",a,\"b, c\"\r\na,0,10\r\n\"b, c\",12,0\r\n").expect("it is right");
    assert_eq!(map.regions, ["a", "b, c"]);
    assert_eq!(map.one_way_ns, [500_000, 5_000_000, 6_000_000, 500_000]);
}

#[test]
fn a_list_is_read_and_missing_directions_are_taken_from_the_other() {
    let map = read("from,to,rtt\na,b,10\nb,c,20\nc,b,30\na,c,40\n").expect("it is right");
    assert_eq!(map.places.len(), 3);
    assert_eq!(map.one_way_ns, [500_000, 5_000_000, 20_000_000, 5_000_000, 500_000, 10_000_000, 20_000_000, 15_000_000, 500_000]);
    assert_eq!(read("from,to,one_way\na,b,10\n").expect("it is right").one_way_ns[1], 10_000_000);
}

#[test]
fn everything_wrong_in_a_table_is_told_with_its_line() {
    assert_eq!(
        errors("place,lat,a,b,c\na,91,0,x,1\nb,0,1,0\nd,0,1,1,0\n"),
        [
            "line 1: the place `c` has a column, but no row",
            "line 2: `91` is not a number for `lat`, which is from -90 to 90 degrees",
            "line 2: `x` is not a time; it is a number of milliseconds above 0 and at most 8590",
            "line 3: the row has 2 round-trip times, and there are 3 places",
            "line 4: the place `d` has a row, but no column",
        ]
    );
    assert_eq!(errors(""), ["line 1: the file has no rows"]);
    assert_eq!(errors(",a,a\na,0,1\na,1,0\n")[0], "line 1: two places are called `a`");
    assert_eq!(errors("place,a,b\na,0,-1\nb,,0\n").len(), 2);
    assert_eq!(errors("place,population,a\na,0,1\n"), ["line 1: nobody lives anywhere: every population is 0"]);
    assert_eq!(errors("place\n"), ["line 1: there are 0 places; there may be 1 to 2000"]);
}

#[test]
fn everything_wrong_in_a_list_is_told_with_its_line() {
    assert_eq!(errors("from,to,speed\na,b,1\n"), ["line 1: the first row of a list is `from,to,rtt` or `from,to,one_way`"]);
    assert_eq!(
        errors("from,to,rtt\na,b,1\na,b,2\nc\nb,c,0\n"),
        [
            "line 1: the path between `a` and `c` is not listed",
            "line 3: the path from `a` to `b` is listed twice",
            "line 4: the row has 1 cells instead of 3",
            "line 5: `0` is not a time; it is a number of milliseconds above 0 and at most 8590",
        ]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_file_can_hurt(text in any::<String>(), salad in "(from|to|rtt|place|lat|a|b|0|1.5|-3|,|\"|\n|#){0,60}") {
        let _ = read(&text);
        let _ = read(&salad);
        if let Ok(map) = read(&format!("from,to,rtt\n{salad}")) {
            prop_assert!(map.one_way_ns.iter().all(|ns| *ns > 0));
        }
    }
}
