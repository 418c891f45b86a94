using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace S3Overlay.Proxy.Protocol;

/// <summary>
/// Answer headers whose value may be empty, which metadata may be. The web server's indexer takes such a value for the wish to remove the
/// header.
/// </summary>
internal static class EmptyValues
{
    /// <summary>Sets a header, in place of one of that name.</summary>
    public static void SetAsIs(this IHeaderDictionary headers, string name, StringValues values)
    {
        if (!StringValues.IsNullOrEmpty(values))
        {
            headers[name] = values;
            return;
        }

        headers.Remove(name);
        if (values.Count > 0)
        {
            ((ICollection<KeyValuePair<string, StringValues>>)headers).Add(new(name, values));
        }
    }

    /// <summary>Adds a value to a header.</summary>
    public static void AppendAsIs(this IHeaderDictionary headers, string name, string value)
    {
        if (value.Length > 0)
        {
            headers.Append(name, value);
        }
        else if (!headers.ContainsKey(name))
        {
            headers.SetAsIs(name, value);
        }
    }
}
