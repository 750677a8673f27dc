//! Sections: mappings with known keys, each declared once.

/// What is known about a key of a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldInfo {
    /// The key.
    pub key: &'static str,
    /// What it is for.
    pub doc: &'static str,
    /// What its absence means, as YAML, if it may be absent and means something.
    pub default: Option<&'static str>,
}

/// Declares a section: its struct, how it is read and written, and its JSON Schema, with the doc comments as the descriptions that editors show.
///
/// `field: Type` is required (or optional, if the type is an `Option`), `field: Type = "yaml"` has a default, `field as "key": Type` is written under
/// another name. `shorthand "key"` lets a scalar stand for a section of which only that key is given.
macro_rules! section {
    (
        $(#[doc = $doc:literal])*
        pub struct $name:ident, $what:literal, $example:literal $(, shorthand $short:literal)? {
            $( $(#[doc = $field_doc:literal])* $field:ident $(as $key:literal)? : $ty:ty $(= $default:literal)? ),* $(,)?
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            $( $(#[doc = $field_doc])* pub $field: $ty, )*
        }

        impl $name {
            /// The keys of this section, in order.
            pub const FIELDS: &'static [$crate::read::FieldInfo] = &[$( $crate::read::FieldInfo {
                key: $crate::read::section!(@key $field $(as $key)?),
                doc: concat!($($field_doc, "\n"),*),
                default: $crate::read::section!(@default $($default)?),
            } ),*];
        }

        impl $crate::read::Shape for $name {
            fn read(node: &$crate::read::Node, reader: &mut $crate::read::Reader<'_>) -> Option<Self> {
                $( if matches!(node.content, $crate::read::Content::Scalar { .. }) {
                    return <Self as $crate::read::Shape>::read(&$crate::read::Node::single($short, node.clone()), reader);
                } )?
                let keys = [$( $crate::read::section!(@key $field $(as $key)?) ),*];
                let expects = <Self as $crate::read::Shape>::expects();
                let entries = reader.mapping(node, $what, &keys, expects)?;
                let mut fields = $crate::read::Fields { parent: node, entries, what: $what, example: $example, reader };
                Some(Self { $(
                    $field: fields.field($crate::read::section!(@key $field $(as $key)?), $crate::read::section!(@default $($default)?)),
                )* })
            }

            fn placeholder() -> Self {
                Self { $( $field: <$ty as $crate::read::Shape>::placeholder(), )* }
            }

            fn write(&self) -> $crate::read::Out {
                let mut entries = vec![$( (
                    $crate::read::section!(@key $field $(as $key)?).to_owned(), <$ty as $crate::read::Shape>::write(&self.$field),
                ) ),*];
                entries.retain(|(_, value)| *value != $crate::read::Out::Nothing);
                $crate::read::Out::Map(entries)
            }

            fn expects() -> $crate::read::Expects {
                $crate::read::Expects::new(concat!("the keys of ", $what), $example)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let fields = vec![$( {
                    let required = <$ty as $crate::read::Shape>::absent($crate::read::Location::NOWHERE).is_none();
                    (generator.subschema_for::<$ty>(), required)
                } ),*];
                let short: &[&str] = &[$($short)?];
                $crate::read::section_schema(concat!($($doc, "\n"),*), Self::FIELDS, fields, short)
            }
        }
    };
    (@key $field:ident as $key:literal) => { $key };
    (@key $field:ident) => { stringify!($field) };
    (@default $default:literal) => { Some($default) };
    (@default) => { None };
}
pub(crate) use section;
