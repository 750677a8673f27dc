//! Where nodes can be and how long a datagram takes between two places.
