using System.Net;

using S3Overlay.WebConsole.Components;
using S3Overlay.WebConsole.Gateway;

namespace S3Overlay.WebConsole.Pages.Browse;

/// <summary>How a client gets an object: its names and commands, to be copied.</summary>
/// <param name="endpoint">The S3 port as the user reaches it.</param>
/// <param name="bucket">The bucket.</param>
/// <param name="key">The key.</param>
internal sealed class ClientCommands(Uri endpoint, string bucket, string key)
{
    /// <summary>The object's name for most tools.</summary>
    public string S3Uri => $"s3://{bucket}/{key}";

    /// <summary>The object's path, encoded.</summary>
    public string Path => ProxyQuery.PathOf(bucket, key);

    /// <summary>
    /// Whether a browser would ask for another path: it takes segments of dots away, however they are written.
    /// </summary>
    /// <remarks>https://url.spec.whatwg.org/#double-dot-path-segment</remarks>
    public bool IsCollapsed => key.Split('/').Any(static segment => segment is "." or "..");

    /// <summary>A command of the AWS CLI that downloads it.</summary>
    public string Aws => key.EndsWith('/')
        ? ShellWords.Join("aws", "--endpoint-url", Address, "s3api", "get-object", "--bucket", bucket, $"--key={key}", FileName)
        : ShellWords.Join("aws", "--endpoint-url", Address, "s3", "cp", S3Uri, FileName);

    /// <summary>The port without a slash at its end.</summary>
    private string Address => endpoint.GetLeftPart(UriPartial.Authority);

    private string FileName => "./" + Downloads.FileNameOf(key);

    /// <summary>A command that downloads what a URL names, with its path as it is.</summary>
    public string Curl(string url) => ShellWords.Join("curl", "--path-as-is", "-o", FileName, url);

    /// <summary>The S3 port as seen from where the console is seen: this machine's loopback is not another one's.</summary>
    public static Uri EndpointFor(Uri endpoint, Uri page) => IsLoopback(endpoint.Host) && !IsLoopback(page.Host)
        ? new UriBuilder(endpoint) { Host = page.Host }.Uri : endpoint;

    private static bool IsLoopback(string host) => host == "localhost"
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
