using Microsoft.AspNetCore.Http;

namespace S3Overlay.WebConsole.Gateway;

/// <summary>A request to the proxy.</summary>
/// <param name="Method">The HTTP method.</param>
/// <param name="Path">The path, encoded: <c>/bucket/key</c>, <c>/-/v1/stats</c>.</param>
/// <param name="Query">The query, encoded, without its question mark; empty for none.</param>
public sealed record ProxyRequest(string Method, string Path, string Query = "")
{
    /// <summary>More headers. The signature covers those that it must.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>The body, read as the proxy asks for it; null for none.</summary>
    public Stream? Body { get; init; }

    /// <summary>The length of the body; null if it is unknown.</summary>
    public long? Length { get; init; }
}

/// <summary>The response to a request. Its body comes while it is read; disposing it ends a request that still runs.</summary>
public sealed class ProxyResponse(int status, IHeaderDictionary headers, Stream body, Action leave) : IAsyncDisposable
{
    /// <summary>The HTTP status.</summary>
    public int Status => status;

    /// <summary>Whether it is no error.</summary>
    public bool IsSuccess => status is >= 200 and < 300;

    /// <summary>The headers.</summary>
    public IHeaderDictionary Headers => headers;

    /// <summary>The body.</summary>
    public Stream Body => body;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        leave();
        await body.DisposeAsync();
    }
}
