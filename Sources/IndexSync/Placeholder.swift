enum IndexSyncPlaceholder {}
