"""Says what each operation of a document does, from its paths and schemas alone: the model of the document."""
