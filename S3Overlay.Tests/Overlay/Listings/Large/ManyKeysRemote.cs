using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Listings.Large;

/// <summary>
/// A remote with very many keys on a loopback port. It lists them as Amazon does, in time proportional to the page, and counts its
/// requests. It has no bytes, and fails on requests other than GET and HEAD (rule W1).
/// </summary>
public sealed class ManyKeysRemote : IAsyncDisposable
{
    /// <summary>Rows of so many keys are written in advance; of more, they would take too much memory.</summary>
    private const int MaxKept = 200_000;

    private static readonly DateTimeOffset Modified = new(2024, 5, 6, 7, 8, 9, TimeSpan.Zero);

    private readonly string[] _keys;
    private readonly string[]? _contents;
    private readonly ConcurrentQueue<RemoteCall> _calls = [];
    private readonly ConcurrentQueue<string> _writes = [];
    private LoopbackServer _server = null!;

    private ManyKeysRemote(IEnumerable<string> sorted)
    {
        _keys = [.. sorted];
        _contents = _keys.Length > MaxKept ? null : [.. _keys.Select((key, i) => Contents(key, Info(i)))];
    }

    public Uri Endpoint => _server.Endpoint;

    /// <summary>The page requests since the last call.</summary>
    public IReadOnlyList<RemoteCall> TakeCalls()
    {
        var taken = new List<RemoteCall>();
        while (_calls.TryDequeue(out var call))
        {
            taken.Add(call);
        }

        return taken;
    }

    /// <param name="sorted">Its keys, in the order of their UTF-8 bytes.</param>
    public static async Task<ManyKeysRemote> StartAsync(IEnumerable<string> sorted)
    {
        var remote = new ManyKeysRemote(sorted);
        remote._server = await LoopbackServer.StartAsync(remote.HandleAsync);
        return remote;
    }

    /// <summary>The information about its i-th key.</summary>
    public static ObjectInfo Info(int i) => new() { Size = i, ETag = $"\"{i:x32}\"", LastModified = Modified.AddSeconds(i) };

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Assert.Empty(_writes);
    }

    private async Task HandleAsync(HttpContext context)
    {
        var target = RequestTarget.Parse(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget, "", "");
        if (context.Request.Method is not ("GET" or "HEAD"))
        {
            _writes.Enqueue(context.Request.Method);
        }

        if (target.Key.Length > 0)
        {
            await ScriptedRemote.RespondErrorAsync(context, 404, "NoSuchKey");
        }
        else if (context.Request.Method == "GET")
        {
            var query = S3Query.Parse(target.RawQuery);
            var call = new RemoteCall(
                query["prefix"] ?? "",
                query["delimiter"] ?? "",
                int.Parse(query["max-keys"] ?? "1000", CultureInfo.InvariantCulture));
            _calls.Enqueue(call);
            context.Response.ContentType = "application/xml";
            await context.Response.Body.WriteAsync(Page(call, query["start-after"] ?? "", query["continuation-token"]),
                context.RequestAborted);
        }
    }

    private byte[] Page(RemoteCall call, string startAfter, string? token)
    {
        var after = token is null ? new ListingPosition(startAfter, false) : ContinuationTokens.Read(token);
        var rollUp = new ListingQuery(call.Prefix, call.Delimiter, ListingPosition.Start, 0);
        var at = After(call.Prefix, after);
        var (objects, prefixes, last) = (new StringBuilder(), new StringBuilder(), ListingPosition.Start);
        var rows = 0;
        for (; rows < call.MaxKeys && at < _keys.Length && _keys[at].StartsWith(call.Prefix, StringComparison.Ordinal); rows++)
        {
            if (rollUp.CommonPrefixOf(_keys[at]) is { } common)
            {
                prefixes.Append("<CommonPrefixes><Prefix>").Append(UriEncoding.EncodeKey(common)).Append("</Prefix></CommonPrefixes>");
                last = new ListingPosition(common, true);
                at = Behind(common, at);
            }
            else
            {
                objects.Append(_contents?[at] ?? Contents(_keys[at], Info(at)));
                last = new ListingPosition(_keys[at], false);
                at++;
            }
        }

        var isTruncated = at < _keys.Length && _keys[at].StartsWith(call.Prefix, StringComparison.Ordinal);
        var head =
            "<?xml version=\"1.0\"?><ListBucketResult><EncodingType>url</EncodingType>"
            + $"<IsTruncated>{(isTruncated ? "true" : "false")}</IsTruncated>";
        var next = isTruncated ? $"<NextContinuationToken>{ContinuationTokens.Write(last)}</NextContinuationToken>" : "";
        return Encoding.UTF8.GetBytes($"{head}{next}{objects}{prefixes}</ListBucketResult>");
    }

    private int After(string prefix, ListingPosition after)
    {
        if (after.IsPrefix && after.Name.StartsWith(prefix, StringComparison.Ordinal))
        {
            return Behind(after.Name, First(key => Utf8Order.Compare(key, after.Name) >= 0));
        }

        return after.Name.Length > 0 && Utf8Order.Compare(after.Name, prefix) >= 0
            ? First(key => Utf8Order.Compare(key, after.Name) > 0)
            : First(key => Utf8Order.Compare(key, prefix) >= 0);
    }

    private int Behind(string prefix, int from) => First(key => !key.StartsWith(prefix, StringComparison.Ordinal), from);

    /// <summary>The first key for which a monotonic condition holds.</summary>
    private int First(Func<string, bool> holds, int from = 0)
    {
        var to = _keys.Length;
        while (from < to)
        {
            var middle = (from + to) / 2;
            if (holds(_keys[middle]))
            {
                to = middle;
            }
            else
            {
                from = middle + 1;
            }
        }

        return from;
    }

    private static string Contents(string key, ObjectInfo info) => string.Create(
        CultureInfo.InvariantCulture,
        $"<Contents><Key>{UriEncoding.EncodeKey(key)}</Key><LastModified>{info.LastModified:yyyy-MM-dd'T'HH:mm:ss.fff'Z'}</LastModified>"
        + $"<ETag>{info.ETag}</ETag><Size>{info.Size}</Size></Contents>");
}

/// <summary>A request for a page.</summary>
/// <param name="Prefix">What its keys start with.</param>
/// <param name="Delimiter">What rolls them up.</param>
public sealed record RemoteCall(string Prefix, string Delimiter, int MaxKeys);
