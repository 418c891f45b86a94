using System.Globalization;
using System.Net;

using S3Overlay.Proxy.Administration.Methods;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Administration.Commands.Archives;

/// <summary>Finds the parts an object was written in.</summary>
internal sealed class SavedParts(ObjectRequests send, SavedChange change)
{
    /// <summary>Part sizes that clients use, in MiB.</summary>
    private static readonly long[] Usual = [8, 5, 16, 10, 15, 20, 25, 32, 50, 64, 100, 128, 256, 512];

    /// <summary>The parts, if its ETag shows that there are any. The local layer is asked for each.</summary>
    /// <param name="md5">The MD5 of the object's bytes.</param>
    /// <param name="cancellationToken">Cancels the requests.</param>
    /// <exception cref="ProxyRefusal">The proxy does not say.</exception>
    public async Task<FoundParts> FindAsync(string md5, CancellationToken cancellationToken)
    {
        var etag = ETags.Bare(change.ETag).ToString();
        var dash = etag.LastIndexOf('-');
        if (dash < 0 || !int.TryParse(etag.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            || count is 0 or > PartNumbers.Max)
        {
            return new(null, IsCopiedUp: etag != md5);
        }

        var sizes = new List<long>();
        for (var number = 1; sizes.Count < count && number <= PartNumbers.Max; number++)
        {
            using var response = await send(
                "HEAD", change.Bucket, change.Key, string.Create(CultureInfo.InvariantCulture, $"partNumber={number}"),
                [new("If-Match", change.ETag)], cancellationToken);
            if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
            {
                // Numbers may have gaps.
                continue;
            }

            if (!response.IsSuccessStatusCode)
            {
                throw new ProxyRefusal(
                    (int)response.StatusCode, $"{(int)response.StatusCode} for part {number} of {change.Bucket}/{change.Key}");
            }

            var size = response.Content.Headers.ContentLength;
            if (!response.Headers.Contains("x-amz-mp-parts-count") || size is null)
            {
                return number == 1 && response.StatusCode == HttpStatusCode.PartialContent && size == change.Size
                    ? new(null, IsCopiedUp: true) : Guess(count);
            }

            sizes.Add(size.Value);
        }

        return sizes.Count == count && sizes.Sum() == change.Size ? new(sizes, IsCopiedUp: false) : Guess(count);
    }

    /// <summary>Equal parts, of a size that clients use if one fits.</summary>
    private FoundParts Guess(int count)
    {
        var each = Usual.Select(static size => size << 20).FirstOrDefault(size => (change.Size + size - 1) / size == count);
        each = each > 0 ? each : (change.Size + count - 1) / count;
        var sizes = new List<long>();
        for (var left = change.Size; left > 0; left -= each)
        {
            sizes.Add(Math.Min(each, left));
        }

        return new(sizes.Count > 0 ? sizes : [0], IsCopiedUp: false);
    }
}

/// <summary>How an object was written.</summary>
/// <param name="Sizes">The sizes of its parts; null for a single PUT.</param>
/// <param name="IsCopiedUp">True if it is in one piece whose ETag is that of the remote's object.</param>
internal readonly record struct FoundParts(IReadOnlyList<long>? Sizes, bool IsCopiedUp);
