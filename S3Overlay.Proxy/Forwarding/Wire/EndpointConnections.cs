using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;

using S3Overlay.Proxy.Forwarding.Endpoints;

namespace S3Overlay.Proxy.Forwarding.Wire;

/// <summary>Creates HTTP handlers that change nothing: no redirects, decompression or cookies, and header bytes as they arrived.</summary>
internal static class EndpointConnections
{
    /// <summary>Creates a handler.</summary>
    /// <param name="settings">The endpoint.</param>
    /// <param name="watch">Wraps each connection; null for none.</param>
    public static SocketsHttpHandler Create(EndpointSettings settings, Func<Stream, Stream>? watch = null)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
            UseProxy = !settings.IsWritable && Environment.GetEnvironmentVariable("HTTPS_PROXY") is { Length: > 0 }
                && settings.Address.Scheme == Uri.UriSchemeHttps,
            ActivityHeadersPropagator = null,
            ConnectTimeout = settings.ConnectTimeout,

            // The default of AWS's SDKs. A store that never sends 100 Continue costs this wait for each body.
            Expect100ContinueTimeout = TimeSpan.FromSeconds(1),
            PooledConnectionIdleTimeout = settings.IdleTimeout,
            PooledConnectionLifetime = TimeSpan.FromMinutes(15),
            ResponseHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
            RequestHeaderEncodingSelector = static (_, _) => Encoding.Latin1,

            // Abandoned bodies are not read to their end to save the connection.
            MaxResponseDrainSize = 64 << 10,
        };
        if (settings.Connect is { } connect)
        {
            handler.ConnectCallback = (context, cancellationToken) => connect(context.DnsEndPoint, cancellationToken);
        }

        if (settings.CaFile is { } file)
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPemFile(file);
            handler.SslOptions = new SslClientAuthenticationOptions
            {
                CertificateChainPolicy = Policy(authorities),
            };
        }

        if (settings.IsWritable || watch is not null)
        {
            handler.PlaintextStreamFilter = (connection, _) =>
            {
                var written = new WrittenStream(connection.PlaintextStream);
                return new(watch is null ? written : watch(written));
            };
        }

        return handler;
    }

    private static X509ChainPolicy Policy(X509Certificate2Collection authorities)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(authorities);
        return policy;
    }
}
