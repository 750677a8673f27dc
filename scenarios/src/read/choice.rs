//! Choices: one of several kinds, told apart by the key (`- crash: {..}`), so that every error keeps its exact place.

use super::{Content, Expects, Key, Node, Reader};
use crate::problem::{Code, nearest};

/// The one key of a choice and its value; `None`, and noted, if there is not exactly one known key.
pub(crate) fn only_entry<'n>(node: &'n Node, reader: &mut Reader<'_>, keys: &[&'static str], expects: Expects) -> Option<&'n (Key, Node)> {
    let Content::Map(entries) = &node.content else { return reader.wrong_type(node, expects) };
    let [entry] = entries.as_slice() else {
        let found: Vec<&str> = entries.iter().map(|(key, _)| key.name.as_str()).collect();
        let message =
            if found.is_empty() { "nothing is chosen here".to_owned() } else { format!("only one of {} can be chosen", found.join(", ")) };
        let problem = reader.problem(Code::NOT_ONE, node.at, message);
        problem.expected(expects.what).example(expects.example);
        if let Some((first, others)) = found.split_first()
            && keys.contains(first)
            && !others.is_empty()
        {
            problem.help(format!("the keys that belong to `{first}` go inside its braces, or further to the right below it"));
        }
        return None;
    };
    if keys.contains(&entry.0.name.as_str()) {
        return Some(entry);
    }
    let meant = nearest(&entry.0.name, keys.iter().copied()).map(|word| format!("did you mean `{word}`?"));
    reader
        .problem(Code::UNKNOWN_KIND, entry.0.at, format!("`{}` is not known here", entry.0.name))
        .expected(format!("one of {}", keys.join(", ")))
        .helps(meant);
    None
}

/// Declares a choice: its enum, how it is read and written, and its JSON Schema.
///
/// `words` are kinds without details, written as one word; `parts` are kinds with details, written as a mapping of one key; `list` names the kind that a
/// bare list stands for.
macro_rules! choice {
    (
        $(#[doc = $doc:literal])*
        pub enum $name:ident, $what:literal, $example:literal {
            $( words { $( $(#[doc = $word_doc:literal])* $word:literal => $word_id:ident ),* $(,)? } )?
            parts { $( $(#[doc = $part_doc:literal])* $key:literal => $part_id:ident($ty:ty) ),* $(,)? }
            $( list => $list_id:ident($list_ty:ty) )?
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub enum $name {
            $( $( $(#[doc = $word_doc])* $word_id, )* )?
            $( $(#[doc = $part_doc])* $part_id($ty), )*
        }

        impl $name {
            /// The keys of the kinds with details, and what each is.
            pub const KINDS: &'static [(&'static str, &'static str)] = &[$( ($key, concat!($($part_doc, "\n"),*)) ),*];

            /// How its kind is written.
            pub const fn kind(&self) -> &'static str {
                match self {
                    $( $( Self::$word_id => $word, )* )?
                    $( Self::$part_id(_) => $key, )*
                }
            }
        }

        impl $crate::read::Shape for $name {
            fn read(node: &$crate::read::Node, reader: &mut $crate::read::Reader<'_>) -> Option<Self> {
                let expects = <Self as $crate::read::Shape>::expects();
                $( if let $crate::read::Content::Scalar { text, .. } = &node.content {
                    return match text.as_str() {
                        $( $word => Some(Self::$word_id), )*
                        _ => reader.unknown_word(node, text, &[$($word),*], expects),
                    };
                } )?
                $( if let $crate::read::Content::List(_) = &node.content {
                    return <$list_ty as $crate::read::Shape>::read(node, reader).map(Self::$list_id);
                } )?
                let (key, value) = $crate::read::only_entry(node, reader, &[$($key),*], expects)?;
                match key.name.as_str() {
                    $( $key => <$ty as $crate::read::Shape>::read(value, reader).map(Self::$part_id), )*
                    _ => None,
                }
            }

            #[allow(unreachable_code)]
            fn placeholder() -> Self {
                $( $( return Self::$word_id; )* )?
                $( return Self::$part_id(<$ty as $crate::read::Shape>::placeholder()); )*
            }

            fn write(&self) -> $crate::read::Out {
                match self {
                    $( $( Self::$word_id => $crate::read::Out::Text($word.to_owned()), )* )?
                    $( Self::$part_id(part) => {
                        $crate::read::Out::Map(vec![($key.to_owned(), <$ty as $crate::read::Shape>::write(part))])
                    } )*
                }
            }

            fn expects() -> $crate::read::Expects {
                $crate::read::Expects::new($what, $example)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let words: &[(&str, &str)] = &[$( $( ($word, concat!($($word_doc, "\n"),*)) ),* )?];
                let parts = vec![$( ($key, concat!($($part_doc, "\n"),*), generator.subschema_for::<$ty>()) ),*];
                #[allow(unused_mut, unused_assignments)]
                let mut list = None;
                $( list = Some(generator.subschema_for::<$list_ty>()); )?
                $crate::read::choice_schema(concat!($($doc, "\n"),*), words, parts, list)
            }
        }
    };
}
pub(crate) use choice;
