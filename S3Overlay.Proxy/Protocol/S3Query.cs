namespace S3Overlay.Proxy.Protocol;

/// <summary>A request's query: raw, and as decoded parameters in the order sent. Names are case-sensitive, as in S3.</summary>
public sealed class S3Query
{
    /// <summary>An empty query.</summary>
    public static readonly S3Query Empty = new("", []);

    private readonly KeyValuePair<string, string?>[] _parameters;

    private S3Query(string raw, KeyValuePair<string, string?>[] parameters) => (Raw, _parameters) = (raw, parameters);

    /// <summary>The query as sent, without its question mark.</summary>
    public string Raw { get; }

    /// <summary>The parameters. A value is null if there was no equals sign (<c>?acl</c>).</summary>
    public IReadOnlyList<KeyValuePair<string, string?>> Parameters => _parameters;

    /// <summary>Parses a raw query.</summary>
    /// <exception cref="S3Exception">InvalidURI: an escape is malformed or not UTF-8.</exception>
    public static S3Query Parse(string raw)
    {
        if (raw.Length == 0)
        {
            return Empty;
        }

        var parameters = new List<KeyValuePair<string, string?>>();
        foreach (var range in raw.AsSpan().Split('&'))
        {
            var part = raw.AsSpan()[range];
            if (part.IsEmpty)
            {
                continue;
            }

            var equals = part.IndexOf('=');
            var name = equals < 0 ? part : part[..equals];
            string? value = null;
            if (!UriEncoding.TryDecodeQuery(name, out var decodedName)
                || (equals >= 0 && !UriEncoding.TryDecodeQuery(part[(equals + 1)..], out value)))
            {
                throw new S3Exception(S3Errors.InvalidUri);
            }

            parameters.Add(new(decodedName, value));
        }

        return new(raw, [.. parameters]);
    }

    /// <summary>Whether the parameter was sent, with or without a value.</summary>
    public bool Has(string name) => IndexOf(name) >= 0;

    /// <summary>The first value of a parameter: empty if it was sent without one, null if it was not sent.</summary>
    public string? this[string name] => IndexOf(name) is var i && i >= 0 ? _parameters[i].Value ?? "" : null;

    /// <summary>The query without a parameter.</summary>
    public S3Query Without(string name) => !Has(name)
        ? this
        : Parse(string.Join('&', _parameters
            .Where(parameter => parameter.Key != name)
            .Select(static parameter =>
                parameter.Value is null ? UriEncoding.EncodeComponent(parameter.Key)
                    : $"{UriEncoding.EncodeComponent(parameter.Key)}={UriEncoding.EncodeComponent(parameter.Value)}")));

    private int IndexOf(string name)
    {
        for (var i = 0; i < _parameters.Length; i++)
        {
            if (_parameters[i].Key == name)
            {
                return i;
            }
        }

        return -1;
    }
}
