using System.Text.Json;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Overlay;
using S3Overlay.Proxy.Overlay.Changes;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Buckets;

namespace S3Overlay.Proxy.Administration.Methods;

/// <summary>A saved change, without its bytes. Names and metadata are data: nothing in it is ever a path.</summary>
internal sealed record SavedChange
{
    /// <summary>The longest document, in bytes.</summary>
    public const int Longest = 1 << 20;

    public required string Bucket { get; init; }

    public required string Key { get; init; }

    /// <summary>True if the key was deleted; then it has no object.</summary>
    public required bool Deleted { get; init; }

    /// <summary>What the change hid of the remote. An import restores it.</summary>
    public required BaseInfo Base { get; init; }

    /// <summary>Identifies the change, for a revert of exactly this one.</summary>
    public string Stamp { get; init; } = "";

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

    /// <summary>Reads a document and checks everything in it.</summary>
    /// <exception cref="FormatException">It is none, or something in it is not valid.</exception>
    public static SavedChange Parse(ReadOnlySpan<byte> document)
    {
        try
        {
            var change = JsonSerializer.Deserialize<SavedChange>(document, AdministrationJson.Options)
                ?? throw new FormatException("it is empty");
            return BucketNames.IsAddressable(change.Bucket) && change.Key.Length > 0 && !ObjectKeys.IsTooLong(change.Key)
                && change.Base.ToBase() is not null
                && change.Headers.All(static header => IsSaved(header.Key) && IsHeaderValue(header.Value))
                && (change.Tags is null || IsHeaderValue(change.Tags))
                && (change.Deleted || (change.Size >= 0 && change.Sha256.Length == 64 && change.Sha256.All(char.IsAsciiHexDigitLower)))
                    ? change : throw new FormatException("it names something that is not valid");
        }
        catch (JsonException failure)
        {
            throw new FormatException("it is no saved change", failure);
        }
    }

    /// <summary>What a line of <c>changes</c> says of a change; null for a bucket.</summary>
    public static SavedChange? Of(ChangeLine line) => line is not { Key: { } key, Stamp: { } stamp } ? null : new()
    {
        Bucket = line.Bucket,
        Key = key,
        Stamp = stamp,
        Deleted = line.Written is null,
        Base = line.Base ?? BaseInfo.Of(RemoteBase.UnknownSince(line.At ?? DateTimeOffset.UnixEpoch))!,
        ETag = line.Written?.ETag ?? "",
        Size = line.Written?.Size ?? 0,
    };

    /// <summary>The change that an import makes.</summary>
    public SavedVersion ToVersion()
    {
        var headers = new HeaderDictionary();
        foreach (var (name, value) in Headers)
        {
            headers.SetAsIs(name, value);
        }

        if (Tags is { } tags)
        {
            headers["x-amz-tagging"] = tags;
        }

        return new SavedVersion(Bucket, Key, Base.ToBase()!) { IsDelete = Deleted, ETag = ETag, Headers = headers };
    }

    /// <summary>True for a header that is saved with an object, and never for metadata of the overlay's own.</summary>
    public static bool IsSaved(string header) =>
        Contents.IsContent(header) && !header.StartsWith(OverlayService.InternalMetadata, StringComparison.OrdinalIgnoreCase);

    /// <summary>True if each character is one byte of a header.</summary>
    private static bool IsHeaderValue(string? value) =>
        value is not null && value.All(static each => each == '\t' || (each is >= ' ' and <= '\u00ff' and not '\u007f'));
}
