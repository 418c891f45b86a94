using System.Text;

namespace S3Overlay.WebConsole.Gateway;

/// <summary>The parameters of a request. Those that are null are not sent.</summary>
internal sealed class ProxyQuery
{
    private readonly StringBuilder _text = new();

    /// <summary>Adds a parameter unless its value is null.</summary>
    public ProxyQuery With(string name, string? value)
    {
        if (value is not null)
        {
            _text.Append(_text.Length == 0 ? "" : "&").Append(name).Append('=').Append(Encode(value));
        }

        return this;
    }

    /// <summary>Adds a parameter if it is true.</summary>
    public ProxyQuery With(string name, bool value) => With(name, value ? "true" : null);

    /// <summary>The query, encoded.</summary>
    public override string ToString() => _text.ToString();

    /// <summary>The path of an object, encoded, or of a bucket if the key is empty.</summary>
    public static string PathOf(string bucket, string key = "") =>
        $"/{Encode(bucket)}{(key.Length == 0 ? "" : "/")}{string.Join('/', key.Split('/').Select(Encode))}";

    /// <summary>A text with all but letters, digits and <c>-._~</c> percent-encoded.</summary>
    public static string Encode(string text) => Uri.EscapeDataString(text);
}
