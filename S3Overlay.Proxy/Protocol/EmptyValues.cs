using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace S3Overlay.Proxy.Protocol;

/// <summary>
/// Response headers with empty values, which metadata may have. The web server's indexer removes a header that is set to an empty value.
/// </summary>
internal static class EmptyValues
{
    /// <summary>Sets a header, replacing one of that name.</summary>
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
