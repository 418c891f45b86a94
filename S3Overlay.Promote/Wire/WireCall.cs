using System.Text;

namespace S3Overlay.Promote.Wire;

/// <summary>A request.</summary>
/// <param name="Method">The HTTP method.</param>
/// <param name="Bucket">The bucket.</param>
/// <param name="Key">The key.</param>
internal sealed record WireCall(string Method, string Bucket, string Key)
{
    /// <summary>The query, sorted and escaped, without its question mark; a parameter without a value ends with <c>=</c>.</summary>
    public string Query { get; init; } = "";

    /// <summary>The headers.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>The body; null for none.</summary>
    public WireBody? Body { get; init; }

    /// <summary>The same with one more header, unless its value is null.</summary>
    public WireCall With(string name, string? value) => value is null ? this : this with { Headers = [.. Headers, new(name, value)] };
}

/// <summary>A body that can be read more than once.</summary>
/// <param name="Length">Its length.</param>
/// <param name="OpenAsync">Opens it from its start.</param>
/// <param name="Sent">Gets the number of bytes as they are sent; negative ones if they have to be sent again.</param>
internal sealed record WireBody(long Length, Func<CancellationToken, Task<Stream>> OpenAsync, Action<long> Sent)
{
    /// <summary>A small body.</summary>
    public static WireBody Of(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return new(bytes.Length, _ => Task.FromResult<Stream>(new MemoryStream(bytes)), static _ => { });
    }
}
