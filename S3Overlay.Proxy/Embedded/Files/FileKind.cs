namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>What a file of the store contains. The numbers are on disk.</summary>
internal enum FileKind : byte
{
    /// <summary>An object with its bytes.</summary>
    Object = 1,

    /// <summary>An object whose bytes are in the part files it names, in order.</summary>
    Manifest = 2,

    /// <summary>One part of a multipart upload, open or completed.</summary>
    Part = 3,

    /// <summary>An open multipart upload.</summary>
    Upload = 4,

    /// <summary>A bucket or bucket tombstone.</summary>
    Bucket = 5,

    /// <summary>The highest reserved number of writes and deletes.</summary>
    Sequence = 6,
}
