using System.Net;
using System.Security.Claims;

using Microsoft.AspNetCore.Components.Authorization;

using S3Overlay.WebConsole.Gateway;

namespace S3Overlay.WebConsole.Security;

/// <summary>The key that a page belongs to.</summary>
internal sealed class SignedIn(AuthenticationStateProvider authentication, Sessions sessions) : ICaller
{
    /// <inheritdoc/>
    public async Task<ProxyCaller> CallerAsync()
    {
        var user = (await authentication.GetAuthenticationStateAsync()).User;
        var session = user.FindFirstValue(SessionAuthentication.SessionClaim);
        return user.Identity?.Name is { } accessKey && session is not null && sessions.IsRunning(session)
            ? new ProxyCaller(accessKey,
                IPAddress.TryParse(user.FindFirstValue(SessionAuthentication.AddressClaim), out var address) ? address : null,
                user.HasClaim(SessionAuthentication.SecureClaim, "true"))
            : throw new UnknownKeyException();
    }

    /// <inheritdoc/>
    public async Task EndAsync()
    {
        var user = (await authentication.GetAuthenticationStateAsync()).User;
        if (user.FindFirstValue(SessionAuthentication.SessionClaim) is { } session)
        {
            sessions.End(session);
        }
    }
}
