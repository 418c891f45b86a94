using System.Security.Claims;

using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

using S3Overlay.WebConsole.Gateway;

namespace S3Overlay.WebConsole.Security;

/// <summary>Gateways for endpoints, which have a request in place of a page: with the rights of the key that signed in.</summary>
internal sealed class RequestGateways(IProxy proxy, Sessions sessions)
{
    /// <summary>The gateway of a request.</summary>
    public ProxyGateway Of(HttpContext context) => new(proxy, new Caller(context.User, sessions));

    /// <summary>
    /// A token that ends with the request and with its session, so that signing out ends a long transfer. Dispose it.
    /// </summary>
    public static CancellationTokenSource EndOf(HttpContext context) =>
        CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, context.Features.GetRequiredFeature<Session>().Ended);

    private sealed class Caller(ClaimsPrincipal user, Sessions sessions) : ICaller
    {
        private ProxyCaller? _caller;

        /// <summary>
        /// The key that the request began with. The end of its session cancels what it does, not the removal of what it leaves behind.
        /// </summary>
        public Task<ProxyCaller> CallerAsync() => Task.FromResult(_caller ??= SignedIn.CallerOf(user, sessions));

        public Task EndAsync()
        {
            SignedIn.End(user, sessions);
            return Task.CompletedTask;
        }
    }
}
