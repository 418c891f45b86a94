using System.Net;
using System.Security.Claims;

using Microsoft.AspNetCore.Components.Authorization;

using S3Overlay.WebConsole.Gateway;

namespace S3Overlay.WebConsole.Security;

/// <summary>The key that a page belongs to.</summary>
internal sealed class SignedIn(AuthenticationStateProvider authentication, Sessions sessions) : ICaller
{
    /// <summary>The key of a user whose session goes on.</summary>
    /// <exception cref="UnknownKeyException">The session is over.</exception>
    public static ProxyCaller CallerOf(ClaimsPrincipal user, Sessions sessions)
    {
        var session = user.FindFirstValue(SessionAuthentication.SessionClaim);
        return user.Identity?.Name is { } accessKey && session is not null && sessions.IsRunning(session)
            ? new ProxyCaller(accessKey,
                IPAddress.TryParse(user.FindFirstValue(SessionAuthentication.AddressClaim), out var address) ? address : null,
                user.HasClaim(SessionAuthentication.SecureClaim, "true"))
            : throw new UnknownKeyException();
    }

    /// <summary>Ends the session of a user.</summary>
    public static void End(ClaimsPrincipal user, Sessions sessions)
    {
        if (user.FindFirstValue(SessionAuthentication.SessionClaim) is { } session)
        {
            sessions.End(session);
        }
    }

    /// <inheritdoc/>
    public async Task<ProxyCaller> CallerAsync() => CallerOf((await authentication.GetAuthenticationStateAsync()).User, sessions);

    /// <inheritdoc/>
    public async Task<CancellationToken> EndedAsync() => sessions.EndOf(
        (await authentication.GetAuthenticationStateAsync()).User.FindFirstValue(SessionAuthentication.SessionClaim));

    /// <inheritdoc/>
    public async Task EndAsync() => End((await authentication.GetAuthenticationStateAsync()).User, sessions);
}
