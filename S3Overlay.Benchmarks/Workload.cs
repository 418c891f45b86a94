using System.Globalization;

using S3Overlay.Benchmarks.Servers;

namespace S3Overlay.Benchmarks;

/// <summary>One thing to ask for again and again.</summary>
/// <param name="Name">What it is called in the table.</param>
/// <param name="Key">The object.</param>
/// <param name="Size">The object's size in bytes.</param>
/// <param name="RangeLength">How many bytes of it are asked for, at changing offsets; null for the whole.</param>
public sealed record Workload(string Name, string Key, long Size, long? RangeLength = null)
{
    /// <summary>What an S3 cache lives on: small objects, large ones, ranges of large ones.</summary>
    public static IReadOnlyList<Workload> All { get; } =
    [
        new("GET 1 KiB", "1k", 1 << 10),
        new("GET 10 KiB", "10k", 10 << 10),
        new("GET 64 MiB", "64m", 64 << 20),
        new("1 MiB ranges", "64m", 64 << 20, 1 << 20),
    ];

    /// <summary>How many different requests it is made of.</summary>
    public int Variants => RangeLength is { } length ? (int)(Size / length) : 1;

    /// <summary>The Range header of a variant, or null.</summary>
    public string? Range(int variant) => RangeLength is { } length ? $"bytes={variant * length}-{((variant + 1) * length) - 1}" : null;

    /// <summary>One of its requests, to a server on a loopback port that asks for no signature.</summary>
    public string PlainRequest(int variant, int port) =>
        string.Create(CultureInfo.InvariantCulture, $"GET /{ProxyServer.Bucket}/{Key} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{(Range(variant) is { } range ? $"Range: {range}\r\n" : "")}\r\n");
}
