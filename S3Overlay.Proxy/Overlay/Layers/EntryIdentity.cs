namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>Which remote object an entry belongs to (rule R7). An entry with another identity does not count as cached.</summary>
/// <param name="Endpoint">The remote's endpoint.</param>
/// <param name="Bucket">The bucket there.</param>
/// <param name="Key">The key there.</param>
/// <param name="ChunkSize">Chunk size in bytes when it was filled; 0 for an entry that is filled whole.</param>
public sealed record EntryIdentity(string Endpoint, string Bucket, string Key, long ChunkSize);
