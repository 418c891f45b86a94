using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Headers;

using S3Overlay.Promote.Wire;

namespace S3Overlay.Promote.Sending;

/// <summary>A written object of the proxy: one version, whatever is written after it.</summary>
internal sealed class SourceObject
{
    private const string Meta = "x-amz-meta-";
    private const string Checksum = "x-amz-checksum-";
    private const string ChecksumType = "x-amz-checksum-type";
    private const int MaxParts = 10_000;
    private const int LooksAtOnce = 8;

    private static readonly string[] Sent =
    [
        "Content-Type", "Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Expires",
        "x-amz-website-redirect-location", "x-amz-storage-class",
    ];

    private readonly S3Wire _overlay;
    private readonly ChangedKey _change;

    private SourceObject(S3Wire overlay, ChangedKey change) => (_overlay, _change) = (overlay, change);

    /// <summary>Its size.</summary>
    public long Size { get; private init; }

    /// <summary>Its ETag at the proxy, without quotes.</summary>
    public string ETag => ETags.Bare(_change.ETag!);

    /// <summary>The headers that go along: type, metadata, tags, storage class.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; private init; } = [];

    /// <summary>Its checksum headers, without their type.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Checksums { get; private init; } = [];

    /// <summary>True if the checksums are of all bytes, and not of the checksums of parts.</summary>
    public bool HasWholeChecksum { get; private init; }

    /// <summary>Looks at an object; null if it is no longer the version of the change.</summary>
    /// <exception cref="WireException">The proxy does not say.</exception>
    public static async Task<SourceObject?> FindAsync(S3Wire overlay, ChangedKey change, CancellationToken cancellationToken)
    {
        var source = new SourceObject(overlay, change);
        using var head = await overlay.SendAsync(source.Read("HEAD").With("x-amz-checksum-mode", "ENABLED"), cancellationToken);
        if (head.Status is 404 or 412)
        {
            return null;
        }

        if (!head.IsSuccess || head.Length is not { } size)
        {
            throw new WireException($"HEAD of {change} at the proxy: status {head.Status}"
                + (head.Status == 400 ? ". An object that is encrypted with a key of its client (SSE-C) cannot be promoted" : ""));
        }

        var headers = head.Headers.Where(static header => Sent.Contains(header.Key, StringComparer.OrdinalIgnoreCase)
            || header.Key.StartsWith(Meta, StringComparison.OrdinalIgnoreCase)).ToList();
        if (head["x-amz-tagging-count"] is { } count and not "0")
        {
            headers.Add(new("x-amz-tagging", await source.TagsAsync(count, cancellationToken)));
        }

        return new SourceObject(overlay, change)
        {
            Size = size,
            Headers = headers,
            Checksums = ChecksumsOf(head),
            HasWholeChecksum = !string.Equals(head[ChecksumType], "COMPOSITE", StringComparison.OrdinalIgnoreCase)
                && (ETags.PartsOf(source.ETag) is null || head[ChecksumType] is not null),
        };
    }

    /// <summary>The parts in which it was written, in order; null if the local layer does not show single parts.</summary>
    /// <exception cref="WireException">The proxy does not say.</exception>
    public async Task<IReadOnlyList<SourcePart>?> PartsAsync(int count, CancellationToken cancellationToken)
    {
        var parts = new ConcurrentDictionary<int, SourcePart>();
        await LookAsync(Enumerable.Range(1, count), parts, cancellationToken);

        // A client may have left numbers out.
        for (var next = count + 1; parts.Count < count && next <= MaxParts; next += LooksAtOnce)
        {
            await LookAsync(Enumerable.Range(next, LooksAtOnce), parts, cancellationToken);
        }

        var (offset, ordered) = (0L, parts.Values.OrderBy(static part => part.Number).ToList());
        for (var at = 0; at < ordered.Count; at++)
        {
            // Some stores show the checksums of the object with each part.
            var checksums = ordered[at].Checksums.SequenceEqual(Checksums) && count > 1 ? [] : ordered[at].Checksums;
            ordered[at] = ordered[at] with { Offset = offset, Checksums = checksums };
            offset += ordered[at].Size;
        }

        return ordered.Count == count && offset == Size ? ordered : null;
    }

    /// <summary>Adds those of the parts that exist.</summary>
    private Task LookAsync(IEnumerable<int> numbers, ConcurrentDictionary<int, SourcePart> parts, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(numbers,
            new ParallelOptions { MaxDegreeOfParallelism = LooksAtOnce, CancellationToken = cancellationToken },
            async (number, token) =>
            {
                var call = Read("HEAD").With("x-amz-checksum-mode", "ENABLED") with
                {
                    Query = $"partNumber={number.ToString(CultureInfo.InvariantCulture)}",
                };
                using var head = await _overlay.SendAsync(call, token);
                if (head.IsSuccess && head.Length is { } size)
                {
                    parts[number] = new(number, 0, size, ChecksumsOf(head));
                }
                else if (head.Status != 416)
                {
                    throw new WireException($"part {number} of {_change} at the proxy: status {head.Status}");
                }
            });

    /// <summary>All its bytes.</summary>
    /// <param name="sent">Gets the number of bytes as they are sent.</param>
    public WireBody Body(Action<long> sent) => new(Size, token => OpenAsync(null, token), sent);

    /// <summary>The bytes of a part.</summary>
    public WireBody Body(SourcePart part, Action<long> sent) => new(part.Size, token => OpenAsync(part, token), sent);

    private async Task<Stream> OpenAsync(SourcePart? part, CancellationToken cancellationToken)
    {
        var call = Read("GET");
        if (part is { Size: 0 })
        {
            return new MemoryStream([]);
        }

        if (part is not null)
        {
            call = call.With("Range", new RangeHeaderValue(part.Offset, part.Offset + part.Size - 1).ToString());
        }

        var answer = await _overlay.SendAsync(call, cancellationToken);
        if (answer.Status == (part is null ? 200 : 206))
        {
            return await answer.OpenAsync(cancellationToken);
        }

        using (answer)
        {
            throw answer.Status is 404 or 412 ? new SourceChangedException()
                : new WireException($"GET of {_change} at the proxy: {await answer.DescribeAsync(cancellationToken)}");
        }
    }

    private async Task<string> TagsAsync(string count, CancellationToken cancellationToken)
    {
        var call = new WireCall("GET", _change.Bucket, _change.Key!) { Query = "tagging" };
        using var answer = await _overlay.SendAsync(call, cancellationToken);
        var document = answer.IsSuccess ? await answer.ReadXmlAsync(cancellationToken) : null;
        var tags = document?.All("TagSet").SelectMany(static set => set.All("Tag")).Select(static tag =>
            $"{WireAddress.Encode(tag.Value("Key") ?? "")}={WireAddress.Encode(tag.Value("Value") ?? "")}").ToList();
        return tags is not null && tags.Count.ToString(CultureInfo.InvariantCulture) == count ? string.Join('&', tags)
            : throw new WireException($"the tags of {_change} at the proxy: status {answer.Status}");
    }

    private WireCall Read(string method) => new WireCall(method, _change.Bucket, _change.Key!).With("If-Match", ETags.Quoted(ETag));

    private static List<KeyValuePair<string, string>> ChecksumsOf(WireAnswer head) =>
        [.. head.Headers.Where(static header => header.Key.StartsWith(Checksum, StringComparison.OrdinalIgnoreCase)
            && !header.Key.Equals(ChecksumType, StringComparison.OrdinalIgnoreCase))];
}

/// <summary>A part of an object.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Offset">Where it begins.</param>
/// <param name="Size">Its size.</param>
/// <param name="Checksums">Its own checksum headers; empty if they are not known.</param>
internal sealed record SourcePart(int Number, long Offset, long Size, IReadOnlyList<KeyValuePair<string, string>> Checksums);

/// <summary>The object was written again or deleted while it was sent.</summary>
internal sealed class SourceChangedException() : IOException("it was written again or deleted here while it was sent");
