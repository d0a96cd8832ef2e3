"""Headers of weights files: what stays of a model when its bytes were cut, converted or quantised anew."""
