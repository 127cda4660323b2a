"""What a model may read: the contract of the feature table, columns, labels in time."""
