namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>What a file of the store holds. The numbers are on disk.</summary>
internal enum FileKind : byte
{
    /// <summary>An object with its bytes.</summary>
    Object = 1,

    /// <summary>An object whose bytes are those of the part files that it names, in order.</summary>
    Manifest = 2,

    /// <summary>One part of a multipart upload, whether the upload is open or completed.</summary>
    Part = 3,

    /// <summary>An open multipart upload.</summary>
    Upload = 4,

    /// <summary>A bucket, or the mark that hides a remote one.</summary>
    Bucket = 5,

    /// <summary>Up to where numbers of writes and deletes are given away.</summary>
    Sequence = 6,
}
