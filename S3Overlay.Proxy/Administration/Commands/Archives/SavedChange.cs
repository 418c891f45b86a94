using System.Text.Json;

using S3Overlay.Proxy.Administration.Methods;
using S3Overlay.Proxy.Overlay.Changes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Buckets;

namespace S3Overlay.Proxy.Administration.Commands.Archives;

/// <summary>A change in an archive. Names and metadata are data: nothing in an archive is ever a path.</summary>
internal sealed record SavedChange
{
    private const int LongestManifest = 1 << 20;

    public required string Bucket { get; init; }

    public required string Key { get; init; }

    /// <summary>True if the key was deleted; then nothing but its names is saved.</summary>
    public required bool Deleted { get; init; }

    /// <summary>Identifies the change, for a revert of exactly this one.</summary>
    public required string Stamp { get; init; }

    /// <summary>The object's ETag, with quotes.</summary>
    public string ETag { get; init; } = "";

    public long Size { get; init; }

    /// <summary>SHA-256 of the bytes in lower-case hex.</summary>
    public string Sha256 { get; init; } = "";

    /// <summary>Content headers and metadata.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>Tags as a query string; null for none.</summary>
    public string? Tags { get; init; }

    /// <summary>The largest object that one PUT can bring back.</summary>
    /// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html</remarks>
    public const long Largest = 5L << 30;

    /// <summary>Reads a manifest and checks everything in it.</summary>
    /// <exception cref="ArchiveException">It is not one.</exception>
    public static async Task<SavedChange> ReadAsync(Stream manifest, CancellationToken cancellationToken)
    {
        if (manifest.Length > LongestManifest)
        {
            throw new ArchiveException("a manifest is too long");
        }

        try
        {
            var change = await JsonSerializer.DeserializeAsync<SavedChange>(manifest, AdministrationJson.Options, cancellationToken)
                ?? throw new ArchiveException("a manifest is empty");
            return BucketNames.IsAddressable(change.Bucket) && change.Key.Length > 0 && !ObjectKeys.IsTooLong(change.Key)
                && change.Headers.All(static header => Contents.IsContent(header.Key) && !header.Value.AsSpan().ContainsAny("\r\n\0"))
                && (change.Deleted || (change.Sha256.Length == 64 && change.Sha256.All(char.IsAsciiHexDigitLower)))
                    ? change : throw new ArchiveException("a manifest names something that is not valid");
        }
        catch (JsonException failure)
        {
            throw new ArchiveException("a manifest is not valid", failure);
        }
    }

    /// <summary>What a line of <c>changes</c> says of a change; null for a bucket.</summary>
    public static SavedChange? Of(ChangeLine line) => line is not { Key: { } key, Stamp: { } stamp } ? null : new()
    {
        Bucket = line.Bucket,
        Key = key,
        Stamp = stamp,
        Deleted = line.Written is null,
        ETag = line.Written?.ETag ?? "",
        Size = line.Written?.Size ?? 0,
    };
}

/// <summary>The file is no archive of changes, or is damaged.</summary>
internal sealed class ArchiveException(string message, Exception? cause = null) : Exception(message, cause);
