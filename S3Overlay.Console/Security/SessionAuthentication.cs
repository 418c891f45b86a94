using System.Security.Claims;
using System.Text.Encodings.Web;

using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace S3Overlay.WebConsole.Security;

/// <summary>Options of the cookie; there are none.</summary>
internal sealed class CookieSchemeOptions : AuthenticationSchemeOptions;

/// <summary>Recognizes the cookie of a session. Without one, a browser gets the sign-in page, and anything else 401.</summary>
/// <remarks>Without a log: it would have a line for each request that has no session.</remarks>
internal sealed class SessionAuthentication(
    IOptionsMonitor<CookieSchemeOptions> options, UrlEncoder encoder, Sessions sessions, ConsoleAddresses addresses)
    : AuthenticationHandler<CookieSchemeOptions>(options, NullLoggerFactory.Instance, encoder)
{
    /// <summary>The name of the scheme.</summary>
    public new const string Scheme = "session";

    /// <summary>The role of keys that may administer.</summary>
    public const string Administrator = "admin";

    /// <summary>The claim with the session's id.</summary>
    public const string SessionClaim = "session";

    /// <summary>The claim with the browser's address.</summary>
    public const string AddressClaim = "address";

    /// <summary>The claim of a browser that uses TLS.</summary>
    public const string SecureClaim = "secure";

    /// <summary>Sets the cookie of a session.</summary>
    public static void SetCookie(HttpContext context, ConsoleAddresses addresses, string value) =>
        context.Response.Cookies.Append(addresses.CookieName("session"), value, CookieOf(addresses));

    /// <summary>Removes it.</summary>
    public static void RemoveCookie(HttpContext context, ConsoleAddresses addresses) =>
        context.Response.Cookies.Delete(addresses.CookieName("session"), CookieOf(addresses));

    /// <inheritdoc/>
    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (sessions.Find(Request.Cookies[addresses.CookieName("session")]) is not var (session, key))
        {
            return Task.FromResult(AuthenticateResult.NoResult());
        }

        Context.Features.Set(session);
        var identity = new ClaimsIdentity(Scheme);
        identity.AddClaim(new(ClaimTypes.Name, key.AccessKey));
        identity.AddClaim(new(SessionClaim, session.Id));
        if (Context.Connection.RemoteIpAddress is { } address)
        {
            identity.AddClaim(new(AddressClaim, address.ToString()));
        }

        if (Request.IsHttps)
        {
            identity.AddClaim(new(SecureClaim, "true"));
        }

        if (key.IsAdministrator)
        {
            identity.AddClaim(new(ClaimTypes.Role, Administrator));
        }

        return Task.FromResult(AuthenticateResult.Success(new(new ClaimsPrincipal(identity), Scheme)));
    }

    /// <inheritdoc/>
    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        if (!IsPage)
        {
            Response.StatusCode = StatusCodes.Status401Unauthorized;
            return Task.CompletedTask;
        }

        var target = Request.Path + Request.QueryString;
        var signIn = target is "/" ? "/sign-in" : "/sign-in?to=" + Uri.EscapeDataString(target);
        if (Request.Headers["Sec-Fetch-Site"] == "cross-site")
        {
            return SendOnAsync(signIn);
        }

        Response.Redirect(signIn);
        return Task.CompletedTask;
    }

    /// <summary>
    /// A link on another site brings no cookie, since that is for this site alone (<c>SameSite=Strict</c>), and neither would a redirect. A
    /// page of this site that goes on by itself does. Where it goes shows the form, or leads a browser that is signed in to the target: it
    /// never comes back here without a session, so this happens once.
    /// </summary>
    private Task SendOnAsync(string signIn)
    {
        Response.ContentType = "text/html; charset=utf-8";
        return Response.WriteAsync(
            $"<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"0;url={signIn}\">"
            + $"<title>S3Overlay</title><p><a href=\"{signIn}\">Go on</a></p></html>\n", Context.RequestAborted);
    }

    /// <inheritdoc/>
    /// <remarks>The first page is for administrators; everyone else begins with the buckets.</remarks>
    protected override Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        if (IsPage && Request.Path == "/")
        {
            Response.Redirect("/browse");
            return Task.CompletedTask;
        }

        Response.StatusCode = StatusCodes.Status403Forbidden;
        return Task.CompletedTask;
    }

    private bool IsPage =>
        Request.Method == "GET" && Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);

    private static CookieOptions CookieOf(ConsoleAddresses addresses) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Strict,
        Secure = addresses.IsSecure,
        Path = "/",
        IsEssential = true,
    };
}
