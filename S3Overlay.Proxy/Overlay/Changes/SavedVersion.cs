using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Overlay.Changes;

/// <summary>A change as it was saved.</summary>
/// <param name="Bucket">The client's bucket.</param>
/// <param name="Key">The client's key.</param>
/// <param name="Base">What it hid of the remote.</param>
public sealed record SavedVersion(string Bucket, string Key, RemoteBase Base)
{
    /// <summary>True if the key was deleted.</summary>
    public bool IsDelete { get; init; }

    /// <summary>The object's ETag, with quotes.</summary>
    public string ETag { get; init; } = "";

    /// <summary>Its size.</summary>
    public long Size { get; init; }

    /// <summary>The headers it is written with.</summary>
    public IHeaderDictionary Headers { get; init; } = new HeaderDictionary();

    /// <summary>Its checksum; null for none. That of a single PUT is also known to the body.</summary>
    public BodyChecksum? Checksum { get; init; }

    /// <summary>S3's name of the checksum's type; null for a single PUT, or without a checksum.</summary>
    public string? ChecksumType { get; init; }

    /// <summary>The sizes of the parts it was written in, in order; null for a single PUT.</summary>
    public IReadOnlyList<long>? Parts { get; init; }

    /// <summary>
    /// For an object that was copied up from the remote: its date, which it keeps together with its ETag if the layer can do that. Null for
    /// others.
    /// </summary>
    public DateTimeOffset? CopiedUp { get; init; }
}
