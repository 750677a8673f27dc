//! Words: one of several names.

/// Declares an enum whose values are written as single words.
macro_rules! words {
    (
        $(#[doc = $doc:literal])*
        pub enum $name:ident, $what:literal {
            $( $(#[doc = $word_doc:literal])* $word:literal => $id:ident ),* $(,)?
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $( $(#[doc = $word_doc])* $id, )*
        }

        impl $name {
            /// Every word, in order.
            pub const WORDS: &'static [&'static str] = &[$($word),*];

            /// How it is written.
            pub const fn word(self) -> &'static str {
                match self {
                    $( Self::$id => $word, )*
                }
            }
        }

        impl $crate::read::Shape for $name {
            fn read(node: &$crate::read::Node, reader: &mut $crate::read::Reader<'_>) -> Option<Self> {
                let expects = <Self as $crate::read::Shape>::expects();
                let $crate::read::Content::Scalar { text, .. } = &node.content else { return reader.wrong_type(node, expects) };
                match text.as_str() {
                    $( $word => Some(Self::$id), )*
                    _ => reader.unknown_word(node, text, Self::WORDS, expects),
                }
            }

            fn placeholder() -> Self {
                [$(Self::$id),*][0]
            }

            fn write(&self) -> $crate::read::Out {
                $crate::read::Out::Text(self.word().to_owned())
            }

            fn expects() -> $crate::read::Expects {
                $crate::read::Expects::new(format!("{} ({})", $what, Self::WORDS.join(", ")), Self::WORDS[0])
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let words: &[(&str, &str)] = &[$( ($word, concat!($($word_doc, "\n"),*)) ),*];
                $crate::read::choice_schema(concat!($($doc, "\n"),*), words, Vec::new(), None)
            }
        }
    };
}
pub(crate) use words;
