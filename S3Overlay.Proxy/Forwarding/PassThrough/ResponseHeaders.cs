using System.Collections.Frozen;
using System.Net.Http.Headers;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>Copies the store's headers to the client, except those of the connection.</summary>
internal static class ResponseHeaders
{
    private static readonly FrozenSet<string> NotHandedOn = new[]
    {
        "Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Alt-Svc",
        "Strict-Transport-Security",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Copies the headers. URLs of the store become the proxy's.</summary>
    public static void Copy(HttpResponseMessage from, S3Response to, S3Request request, Uri store)
    {
        // The front door's second id would belong to another request than the store's id.
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
