using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Benchmarks.Servers;

/// <summary>
/// A remote in this process with a generated object for every key. It counts the bytes that it sends and checks no signature. Like Amazon
/// S3, it has a CRC-64/NVME of each whole object, except of those whose key says otherwise.
/// </summary>
public sealed class StandInRemote : IAsyncDisposable
{
    /// <summary>Its bucket.</summary>
    public const string Bucket = "remote";

    private const string EmptyListing =
        "<?xml version=\"1.0\"?><ListBucketResult><Name>remote</Name><KeyCount>0</KeyCount><MaxKeys>1000</MaxKeys>"
        + "<IsTruncated>false</IsTruncated></ListBucketResult>";

    /// <summary>Larger objects have the ETag of an upload in parts, which is no MD5.</summary>
    private const long LargestPut = 64 << 20;

    private static readonly byte[] Content = RandomNumberGenerator.GetBytes(1 << 20);

    private const string WithoutChecksum = "md5";

    private readonly ConcurrentDictionary<long, string> _etags = new();
    private readonly ConcurrentDictionary<long, string> _checksums = new();
    private readonly WebApplication _app;
    private long _sent;
    private int _inFlight;

    private readonly TimeSpan _delay;

    private StandInRemote(WebApplication app, int port, TimeSpan delay) => (_app, Port, _delay) = (app, port, delay);

    /// <summary>Its loopback port.</summary>
    public int Port { get; }

    /// <summary>Body bytes sent so far.</summary>
    public long Sent => Volatile.Read(ref _sent);

    /// <summary>The key of an object of a size.</summary>
    public static string Key(long size, long number) => string.Create(CultureInfo.InvariantCulture, $"{size}/{number}");

    /// <summary>The key of an object that has an MD5 alone, as on stores without checksums.</summary>
    public static string KeyWithoutChecksum(long size, long number) =>
        string.Create(CultureInfo.InvariantCulture, $"{size}/{WithoutChecksum}/{number}");

    /// <summary>Opens the port.</summary>
    /// <param name="delay">How long it waits before each response.</param>
    public static async Task<StandInRemote> StartAsync(TimeSpan delay)
    {
        var port = ServerProcess.FreePort();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().UseUrls(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));
        var app = builder.Build();
        var remote = new StandInRemote(app, port, delay);
        app.Run(remote.ServeAsync);
        await app.StartAsync();
        return remote;
    }

    /// <summary>Returns when no request has arrived for a moment.</summary>
    public async Task WhenIdleAsync()
    {
        for (var quiet = 0; quiet < 2; quiet++)
        {
            if (Volatile.Read(ref _inFlight) > 0)
            {
                quiet = -1;
                await Task.Delay(5);
            }
            else if (quiet == 0)
            {
                await Task.Delay(5);
            }
        }
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task ServeAsync(HttpContext context)
    {
        Interlocked.Increment(ref _inFlight);
        try
        {
            if (_delay > TimeSpan.Zero)
            {
                await Task.Delay(_delay, context.RequestAborted);
            }

            var path = context.Request.Path.Value!.Split('/', StringSplitOptions.RemoveEmptyEntries);
            await (path.Length < 3 ? ListAsync(context)
                : SendAsync(context, long.Parse(path[1], CultureInfo.InvariantCulture), hasChecksum: path[2] != WithoutChecksum));
        }
        catch (Exception left) when (left is OperationCanceledException or IOException)
        {
            // The proxy has read enough.
        }
        finally
        {
            Interlocked.Decrement(ref _inFlight);
        }
    }

    private static Task ListAsync(HttpContext context)
    {
        var listing = HttpMethods.IsHead(context.Request.Method) ? [] : Encoding.UTF8.GetBytes(EmptyListing);
        context.Response.ContentType = "application/xml";
        context.Response.ContentLength = listing.Length;
        return context.Response.Body.WriteAsync(listing, context.RequestAborted).AsTask();
    }

    private async Task SendAsync(HttpContext context, long size, bool hasChecksum)
    {
        var (from, length) = (0L, size);
        var headers = context.Response.Headers;
        headers.ETag = _etags.GetOrAdd(size, ETag);
        headers.LastModified = "Thu, 01 Jan 2026 00:00:00 GMT";
        headers.AcceptRanges = "bytes";
        if (RangeHeaderValue.TryParse(context.Request.Headers.Range, out var ranges) && ranges.Ranges.Single() is { From: { } first } range)
        {
            from = first;
            length = Math.Min(range.To ?? long.MaxValue, size - 1) - from + 1;
            context.Response.StatusCode = StatusCodes.Status206PartialContent;
            headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes {from}-{from + length - 1}/{size}");
        }

        else if (hasChecksum && context.Request.Headers.ContainsKey("x-amz-checksum-mode"))
        {
            headers["x-amz-checksum-crc64nvme"] = _checksums.GetOrAdd(size, Checksum);
            headers["x-amz-checksum-type"] = "FULL_OBJECT";
        }

        context.Response.ContentLength = length;
        if (HttpMethods.IsHead(context.Request.Method))
        {
            return;
        }

        while (length > 0)
        {
            var offset = (int)(from % Content.Length);
            var piece = (int)Math.Min(length, Content.Length - offset);
            await context.Response.Body.WriteAsync(Content.AsMemory(offset, piece), context.RequestAborted);
            Interlocked.Add(ref _sent, piece);
            (from, length) = (from + piece, length - piece);
        }
    }

    private static string ETag(long size)
    {
        if (size > LargestPut)
        {
            return "\"00112233445566778899aabbccddeeff-64\"";
        }

        using var hash = ChecksumHasher.Create(ChecksumAlgorithm.Md5);
        return $"\"{Convert.ToHexStringLower(Digest(hash, size))}\"";
    }

    private static string Checksum(long size)
    {
        using var hash = ChecksumHasher.Create(ChecksumAlgorithm.Crc64Nvme);
        return Convert.ToBase64String(Digest(hash, size));
    }

    private static byte[] Digest(ChecksumHasher hash, long size)
    {
        for (var left = size; left > 0; left -= Content.Length)
        {
            hash.Append(Content.AsSpan(0, (int)Math.Min(left, Content.Length)));
        }

        var value = new byte[ChecksumNames.Size(hash.Algorithm)];
        hash.Finish(value);
        return value;
    }
}
