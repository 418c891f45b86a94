namespace S3Overlay.Proxy.Forwarding.BucketCache.Removal;

/// <summary>What the cache bucket tells of one copy, to those who decide which is to go.</summary>
/// <param name="Tail">The bucket and key as names of the cache bucket have them, without the kind.</param>
/// <param name="Bytes">How many bytes its objects have: the copy or its manifest, its chunks, and what is under its own key. 0 of a mark of
/// use that no copy belongs to.</param>
/// <param name="Used">When it was last known to be used, or written to.</param>
internal readonly record struct EntryUse(string Tail, long Bytes, DateTimeOffset Used);
