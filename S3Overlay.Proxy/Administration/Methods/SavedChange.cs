using System.Text.Json;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Overlay;
using S3Overlay.Proxy.Overlay.Changes;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Buckets;
using S3Overlay.Proxy.Protocol.Objects;

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

    /// <summary>The header of its checksum; null for none.</summary>
    public string? ChecksumHeader { get; init; }

    /// <summary>The checksum's value.</summary>
    public string Checksum { get; init; } = "";

    /// <summary>S3's name of the checksum's type; null for none.</summary>
    public string? ChecksumType { get; init; }

    /// <summary>The sizes of the parts it was written in, in order; null for a single PUT.</summary>
    public IReadOnlyList<long>? Parts { get; init; }

    /// <summary>
    /// The date of an object whose ETag is not that of its bytes: it was copied up from the remote, and keeps both. Null for others.
    /// </summary>
    public DateTimeOffset? CopiedUp { get; init; }

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
                && (change.ChecksumHeader is null || AlgorithmOf(change.ChecksumHeader) is not null)
                && (change.ChecksumType is null or PartChecksums.FullObjectType or PartChecksums.CompositeType)
                && (change.Parts is not { } parts || (parts.Count is > 0 and <= PartNumbers.Max && AddUp(parts, change.Size)))
                && (change.Deleted || (IsHeaderValue(change.ETag) && change.ETag.StartsWith('"') && change.Size >= 0
                    && change.Sha256.Length == 64 && change.Sha256.All(char.IsAsciiHexDigitLower)))
                    ? change : throw new FormatException("it names something that is not valid");
        }
        catch (JsonException failure)
        {
            throw new FormatException("it is no saved change", failure);
        }
    }

    /// <summary>True if sizes are those of an object. Whatever they are, their sum does not overflow.</summary>
    private static bool AddUp(IReadOnlyList<long> sizes, long size)
    {
        foreach (var each in sizes)
        {
            if (each < 0 || each > size)
            {
                return false;
            }

            size -= each;
        }

        return size == 0;
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

        return new SavedVersion(Bucket, Key, Base.ToBase()!)
        {
            IsDelete = Deleted,
            ETag = ETag,
            Size = Size,
            Headers = headers,
            Checksum = ChecksumHeader is { } summed ? new BodyChecksum(AlgorithmOf(summed)!.Value, Checksum) : null,
            ChecksumType = ChecksumType,
            Parts = Parts,
            CopiedUp = CopiedUp,
        };
    }

    /// <summary>The bytes of the object, whose end proves that they are as saved.</summary>
    public S3Body Verified(Stream bytes)
    {
        var announced = new HeaderDictionary();
        if (ChecksumHeader is { } name && ChecksumType is null or PartChecksums.FullObjectType)
        {
            announced[name] = Checksum;
        }

        return new VerifiedBody(
            new PlainFraming(bytes, Size), BodyDigests.Read(announced, Sha256, announced: [], checksumsAreOfTheBody: true));
    }

    private static ChecksumAlgorithm? AlgorithmOf(string header) =>
        ChecksumNames.All.Where(each => ChecksumNames.Header(each) == header).Select(static each => (ChecksumAlgorithm?)each)
            .FirstOrDefault();

    /// <summary>True for a header that is saved with an object, and never for metadata of the overlay's own.</summary>
    public static bool IsSaved(string header) =>
        (Contents.IsContent(header) || header.Equals("x-amz-storage-class", StringComparison.OrdinalIgnoreCase))
        && !header.StartsWith(OverlayService.InternalMetadata, StringComparison.OrdinalIgnoreCase);

    /// <summary>True if each character is one byte of a header.</summary>
    private static bool IsHeaderValue(string? value) =>
        value is not null && value.All(static each => each == '\t' || (each is >= ' ' and <= '\u00ff' and not '\u007f'));
}
