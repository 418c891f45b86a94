using System.Text;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Transparency;

/// <summary>A response as a client saw it, in a form in which allowed differences can be levelled.</summary>
public sealed class Seen
{
    /// <summary>Reads a final response.</summary>
    public Seen(RawResponse response)
    {
        Status = response.Status;
        Code = response.Code;
        Headers = new SortedDictionary<string, string>(response.Headers.ToDictionary(), StringComparer.OrdinalIgnoreCase);
        Body = Encoding.Latin1.GetString(response.Body);
    }

    public int Status { get; }

    /// <summary>The error's code, or the empty string.</summary>
    public string Code { get; }

    /// <summary>Both, as the list of allowed differences has them.</summary>
    public string Outcome => $"{Status} {Code}".Trim();

    /// <summary>The headers. Their names mean the same in any case.</summary>
    public SortedDictionary<string, string> Headers { get; }

    /// <summary>The body, a character for each byte.</summary>
    public string Body { get; set; }

    /// <summary>Changes the value of a header if it exists.</summary>
    public void Header(string name, Func<string, string> change)
    {
        if (Headers.TryGetValue(name, out var value))
        {
            Headers[name] = change(value);
        }
    }

    public void Without(string name) => Headers.Remove(name);

    /// <summary>Replaces every occurrence of a text.</summary>
    public void Replace(string text, string with)
    {
        Body = Body.Replace(text, with, StringComparison.Ordinal);
        foreach (var name in Headers.Keys.ToList())
        {
            Headers[name] = Headers[name].Replace(text, with, StringComparison.Ordinal);
        }
    }

    public override string ToString() =>
        $"{Status}\n{string.Join('\n', Headers.Select(header => $"{header.Key}: {header.Value}"))}\n\n{Body}";
}
