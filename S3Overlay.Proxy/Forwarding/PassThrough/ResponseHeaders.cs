using System.Collections.Frozen;
using System.Net.Http.Headers;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>Which of the store's headers go on to the client: all but those of the store's connection.</summary>
internal static class ResponseHeaders
{
    private static readonly FrozenSet<string> NotHandedOn = new[]
    {
        "Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Alt-Svc",
        "Strict-Transport-Security",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Copies them. Where the store names itself, the client reads the proxy's name.</summary>
    public static void Copy(HttpResponseMessage from, S3Response to, S3Request request, Uri store)
    {
        // The second of the front door's ids is only there for those who look for both; beside the store's one it would be of another
        // request.
        to.Headers.Remove("x-amz-id-2");
        Copy(from.Headers.NonValidated, to.Headers);
        Copy(from.Content.Headers.NonValidated, to.Headers);
        if (to.Headers.Location is [{ Length: > 0 } location])
        {
            to.Headers.Location = Addresses.OfProxy(location, request, store);
        }
    }

    private static void Copy(HttpHeadersNonValidated from, IHeaderDictionary to)
    {
        foreach (var (name, values) in from)
        {
            if (NotHandedOn.Contains(name))
            {
                continue;
            }

            to.SetAsIs(name, values.Count == 1 ? values.ToString() : values.ToArray());
        }
    }
}
