"""What operators meet: a full disk, a clock that is set, an end under load. Real processes, real faults."""
