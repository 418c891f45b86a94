using System.Globalization;
using System.Text;

using S3Overlay.Benchmarks.Load;
using S3Overlay.Benchmarks.Workloads;

namespace S3Overlay.Benchmarks.Servers;

/// <summary>Writes requests as HTTP/1.1.</summary>
public static class RequestText
{
    /// <summary>The path of a request.</summary>
    public static string PathOf(string bucket, Ask ask) => ask.Key.Length == 0 ? $"/{bucket}" : $"/{bucket}/{ask.Key}";

    /// <summary>A request to a loopback port, path style.</summary>
    public static LoadRequest Write(int port, string bucket, Ask ask, IEnumerable<KeyValuePair<string, string>> headers)
    {
        var head = new StringBuilder();
        head.Append(CultureInfo.InvariantCulture,
            $"{ask.Method} {PathOf(bucket, ask)}{(ask.Query.Length == 0 ? "" : "?" + ask.Query)} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n");
        foreach (var (name, value) in headers)
        {
            head.Append(name).Append(": ").Append(value).Append("\r\n");
        }

        if (ask.Range is { } range)
        {
            head.Append("Range: ").Append(range).Append("\r\n");
        }

        if (ask.Method == "PUT")
        {
            head.Append(CultureInfo.InvariantCulture, $"Content-Length: {ask.BodyLength}\r\n");
        }

        return new(Encoding.Latin1.GetBytes(head.Append("\r\n").ToString()), LoadRequest.BodyOf(ask.BodyLength),
            ResponseHasBody: ask.Method is "GET" or "PUT");
    }
}
