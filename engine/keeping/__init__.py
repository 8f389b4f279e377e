"""What is kept and for how long: deleting in small slices, erasing a person, sizes, and where a record is."""
