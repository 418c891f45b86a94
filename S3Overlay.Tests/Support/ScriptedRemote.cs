using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;

using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Tests.Support;

/// <summary>
/// A small scripted S3 server on a loopback port. It records its requests, and may be slow, broken, wrong or changing. It never checks
/// signatures. Disposing it asserts that it saw nothing but GET and HEAD (rule W1).
/// </summary>
public sealed class ScriptedRemote : IAsyncDisposable
{
    private readonly ConcurrentDictionary<(string Bucket, string Key), ScriptedObject> _objects = new();
    private readonly ConcurrentDictionary<string, bool> _empty = new();
    private readonly ConcurrentQueue<ScriptedRequest> _requests = new();
    private readonly Bell _bell = new();
    private LoopbackServer _server = null!;

    private ScriptedRemote()
    {
    }

    /// <summary>Runs before the usual response of a request. May respond itself, wait, or cut the connection. Null for nothing.</summary>
    public Func<ScriptedRequest, HttpContext, Task<ScriptedOutcome>>? Script { get; set; }

    public Uri Endpoint => _server.Endpoint;

    /// <summary>The requests, in order of arrival.</summary>
    public IReadOnlyList<ScriptedRequest> Requests => [.. _requests];

    public static async Task<ScriptedRemote> StartAsync()
    {
        var remote = new ScriptedRemote();
        remote._server = await LoopbackServer.StartAsync(remote.HandleAsync);
        return remote;
    }

    /// <summary>Makes a bucket that is there without objects, too.</summary>
    public void AddBucket(string bucket) => _empty[bucket] = true;

    /// <summary>Puts an object there; another one of that key is replaced.</summary>
    public ScriptedObject Put(string bucket, string key, byte[] bytes, params (string Name, string Value)[] headers) =>
        _objects[(bucket, key)] = new ScriptedObject(bytes, $"\"{Convert.ToHexStringLower(MD5.HashData(bytes))}\"", DateTimeOffset.UtcNow,
            headers);

    /// <summary>Puts an object with the given ETag.</summary>
    public void Put(string bucket, string key, ScriptedObject item) => _objects[(bucket, key)] = item;

    public void Remove(string bucket, string key) => _objects.TryRemove((bucket, key), out _);

    /// <summary>The number of body bytes sent of an object, in all responses together.</summary>
    public long BodyBytesSent(string bucket, string key) => _requests.Where(r => r.Bucket == bucket && r.Key == key)
        .Sum(r => Interlocked.Read(ref r.BytesSent));

    /// <summary>Finishes once a condition on the requests and sent bytes holds.</summary>
    public Task UntilAsync(Func<bool> holds, string otherwise) => _bell.UntilAsync(holds, () => otherwise);

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Assert.DoesNotContain(Requests, request => request.Method is not ("GET" or "HEAD"));
    }

    private async Task HandleAsync(HttpContext context)
    {
        var target = RequestTarget.Parse(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget, "", "");
        var request = new ScriptedRequest(
            context.Request.Method, target.RawPath, target.RawQuery, target.Bucket, target.Key,
            context.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase));
        _requests.Enqueue(request);
        _bell.Ring();
        var outcome = Script is { } script ? await script(request, context) : ScriptedOutcome.AsUsual;
        if (outcome.IsAnswered)
        {
            return;
        }

        if (target.Key.Length > 0)
        {
            await RespondObjectAsync(request, context, outcome);
        }
        else if (request.Method == "HEAD")
        {
            context.Response.StatusCode = HasBucket(target.Bucket) ? 200 : 404;
        }
        else if (target.Bucket.Length > 0)
        {
            await RespondListingAsync(request, context);
        }
        else
        {
            await RespondErrorAsync(context, 403, "AccessDenied");
        }
    }

    public static async Task RespondErrorAsync(HttpContext context, int status, string code, string message = "As the script says.")
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/xml";
        if (context.Request.Method != "HEAD")
        {
            await context.Response.WriteAsync($"<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>");
        }
    }

    private async Task RespondObjectAsync(ScriptedRequest request, HttpContext context, ScriptedOutcome outcome)
    {
        if (!_objects.TryGetValue((request.Bucket, request.Key), out var item))
        {
            await RespondErrorAsync(context, 404, HasBucket(request.Bucket) ? "NoSuchKey" : "NoSuchBucket");
            return;
        }

        if (request.Headers.TryGetValue("If-Match", out var ifMatch) && !ETags.ListHas(ifMatch, item.ETag))
        {
            await RespondErrorAsync(context, 412, "PreconditionFailed");
            return;
        }

        var headers = context.Response.Headers;
        if (item.ETag.Length > 0)
        {
            headers.ETag = item.ETag;
        }

        headers.LastModified = HttpDates.Header(item.LastModified);
        if (request.Headers.TryGetValue("If-None-Match", out var ifNoneMatch) && ETags.ListHas(ifNoneMatch, item.ETag))
        {
            context.Response.StatusCode = 304;
            return;
        }

        headers.ContentType = "binary/octet-stream";
        headers.AcceptRanges = "bytes";
        foreach (var (name, value) in item.Headers)
        {
            headers[name] = value;
        }

        var bytes = new ByteRange(0, item.Bytes.Length - 1);
        if ((item.PartSize > 0 || item.Parts.Count > 0) && S3Query.Parse(request.RawQuery)["partNumber"] is { } number)
        {
            if (item.Part(int.Parse(number, CultureInfo.InvariantCulture)) is not { } part)
            {
                await RespondErrorAsync(context, 416, "InvalidPartNumber");
                return;
            }

            bytes = part;
            headers["x-amz-mp-parts-count"] = item.PartCount.ToString(CultureInfo.InvariantCulture);
            if (!item.SendsPartsAsWholes && bytes.Length > 0)
            {
                context.Response.StatusCode = 206;
                headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes {bytes.First}-{bytes.Last}/{item.Bytes.Length}");
            }
        }
        else if (item.IsItsFirstPart && S3Query.Parse(request.RawQuery)["partNumber"] is { } only)
        {
            if (only != "1")
            {
                await RespondErrorAsync(context, 416, "InvalidPartNumber");
                return;
            }

            if (item.Bytes.Length > 0)
            {
                context.Response.StatusCode = 206;
                headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes {bytes.First}-{bytes.Last}/{item.Bytes.Length}");
            }
        }
        else if (RangeHeader.Parse(request.Headers.GetValueOrDefault("Range")) is { } range)
        {
            if (range.Resolve(item.Bytes.Length) is not { } resolved)
            {
                headers.ContentRange = $"bytes */{item.Bytes.Length}";
                await RespondErrorAsync(context, 416, "InvalidRange");
                return;
            }

            bytes = resolved;
            context.Response.StatusCode = 206;
            headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes {bytes.First}-{bytes.Last}/{item.Bytes.Length}");
        }

        if (context.Response.StatusCode == 206)
        {
            // Beside a range S3 names no checksum.
            foreach (var name in headers.Keys.Where(static name => name.StartsWith("x-amz-checksum-", StringComparison.OrdinalIgnoreCase))
                .ToList())
            {
                headers.Remove(name);
            }
        }

        headers.ContentLength = outcome.IsUnmeasured ? null : bytes.Length;
        if (outcome.IsUnmeasured)
        {
            // Of an empty body the server would say it.
            await context.Response.StartAsync(context.RequestAborted);
        }

        if (request.Method == "HEAD")
        {
            return;
        }

        const int Piece = 64 << 10;
        for (var at = bytes.First; at <= bytes.Last;)
        {
            var sent = at - bytes.First;
            if (outcome.GateAfter is { } gate && sent >= gate.Bytes)
            {
                await gate.Open.Task.WaitAsync(context.RequestAborted);
            }

            var count = (int)Math.Min(Piece, bytes.Last - at + 1);
            count = outcome.GateAfter is { } ahead && sent < ahead.Bytes ? (int)Math.Min(count, ahead.Bytes - sent) : count;
            count = outcome.CutAfter is { } cut ? (int)Math.Min(count, cut - sent) : count;
            if (count > 0)
            {
                await context.Response.Body.WriteAsync(item.Bytes.AsMemory((int)at, count), context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
                Interlocked.Add(ref request.BytesSent, count);
                _bell.Ring();
                at += count;
            }

            if (outcome.CutAfter is { } end && at - bytes.First >= end && at <= bytes.Last)
            {
                // Ending short of the announced length closes the connection behind the last byte; aborting it would throw away what was
                // sent before.
                await context.Response.Body.FlushAsync(context.RequestAborted);
                return;
            }
        }
    }

    private bool HasBucket(string bucket) => _empty.ContainsKey(bucket) || _objects.Keys.Any(k => k.Bucket == bucket);

    private async Task RespondListingAsync(ScriptedRequest request, HttpContext context)
    {
        if (!HasBucket(request.Bucket))
        {
            await RespondErrorAsync(context, 404, "NoSuchBucket");
            return;
        }

        var query = S3Query.Parse(request.RawQuery);
        var prefix = query["prefix"] ?? "";
        var after = query["continuation-token"] ?? query["start-after"] ?? "";
        var rollUp = new ListingQuery(prefix, query["delimiter"] ?? "", ListingPosition.Start, 0);
        var max = int.Parse(query["max-keys"] ?? "1000", CultureInfo.InvariantCulture);
        var names = _objects.Where(o => o.Key.Bucket == request.Bucket && o.Key.Key.StartsWith(prefix, StringComparison.Ordinal))
            .Select(o => (Name: rollUp.CommonPrefixOf(o.Key.Key) ?? o.Key.Key, Item: rollUp.CommonPrefixOf(o.Key.Key) is null ? o.Value
                : null))
            .DistinctBy(row => row.Name)
            .Where(row => Utf8Order.Compare(row.Name, after) > 0)
            .OrderBy(row => row.Name, Utf8Order.Instance)
            .ToList();
        var xml = new S3XmlWriter().Root("ListBucketResult").Element("EncodingType", "url").Element("IsTruncated", names.Count > max);
        if (names.Count > max)
        {
            xml.Element("NextContinuationToken", names[max - 1].Name);
        }

        foreach (var (name, item) in names.Take(max))
        {
            if (item is null)
            {
                xml.Open("CommonPrefixes").Element("Prefix", UriEncoding.EncodeKey(name)).Close("CommonPrefixes");
            }
            else
            {
                xml.Open("Contents").Element("Key", UriEncoding.EncodeKey(name)).Element("LastModified", item.LastModified)
                    .Element("ETag", item.ETag).Element("Size", item.Bytes.Length).Element("StorageClass", "STANDARD").Close("Contents");
            }
        }

        context.Response.ContentType = "application/xml";
        await context.Response.Body.WriteAsync(xml.Close("ListBucketResult").Content, context.RequestAborted);
    }
}
