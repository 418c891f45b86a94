namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>Which remote object a copy is of (rule R7): another identity means it is not held.</summary>
/// <param name="Endpoint">The remote's endpoint.</param>
/// <param name="Bucket">The bucket there.</param>
/// <param name="Key">The key there.</param>
/// <param name="ChunkSize">The chunk size in bytes it was filled with; 0 for a copy that is held whole.</param>
public sealed record EntryIdentity(string Endpoint, string Bucket, string Key, long ChunkSize);
