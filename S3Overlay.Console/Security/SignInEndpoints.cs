using System.Net;

using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

using S3Overlay.WebConsole.Gateway;

namespace S3Overlay.WebConsole.Security;

/// <summary>Signs in and out, with plain forms: no script and no circuit before there is a session.</summary>
internal static class SignInEndpoints
{
    private const string Wrong = "The access key or the secret key is wrong.";
    private const string TooMany = "Too many attempts. Wait a minute, then try again.";
    private const string InTheOpen = "Secrets are not sent in the open: use https, or open the console on the proxy's own machine.";
    private const string UsedUp = "This link was used already, or is older than ten minutes. Sign in with a key.";

    /// <summary>The length of an access or secret key at most.</summary>
    private const int MaxLength = 1024;

    /// <summary>Maps the form, the link and the way out.</summary>
    public static void MapSignIn(this IEndpointRouteBuilder app)
    {
        app.MapGet("/sign-in", ShowForm).AllowAnonymous();
        app.MapPost("/sign-in", SignInAsync).AllowAnonymous();
        app.MapGet("/sign-in/{token}", FollowLink).AllowAnonymous();
        app.MapPost("/sign-out", SignOutAsync);
    }

    private static IResult ShowForm(HttpContext context, string? to) =>
        context.User.Identity?.IsAuthenticated == true ? Results.Redirect(Local(to))
        : Page(to, MaySend(context) ? null : InTheOpen, StatusCodes.Status200OK);

    private static async Task<IResult> SignInAsync(
        HttpContext context, IAntiforgery antiforgery, IProxy proxy, SignInLimits limits, SignIns signIns)
    {
        if (!MaySend(context))
        {
            return Page(null, InTheOpen, StatusCodes.Status403Forbidden);
        }

        if (!await antiforgery.IsRequestValidAsync(context))
        {
            return Results.StatusCode(StatusCodes.Status400BadRequest);
        }

        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var (accessKey, secret, to) = (form["accessKey"].ToString().Trim(), form["secretKey"].ToString(), form["to"].ToString());
        var from = context.Connection.RemoteIpAddress;
        if (!limits.TryBegin(from))
        {
            return signIns.RefuseSeldom(from, "too many attempts", to, TooMany, StatusCodes.Status429TooManyRequests);
        }

        if (accessKey.Length > MaxLength || secret.Length > MaxLength || !proxy.IsSecretOf(accessKey, secret))
        {
            return signIns.Refuse(from, "wrong key", to, Wrong, StatusCodes.Status401Unauthorized);
        }

        limits.Succeed(from);
        return signIns.Begin(context, accessKey, to);
    }

    /// <remarks>Without a limit: one of 2^192 links cannot be guessed.</remarks>
    private static IResult FollowLink(HttpContext context, string token, IProxy proxy, SignIns signIns)
    {
        if (!MaySend(context))
        {
            return Page(null, InTheOpen, StatusCodes.Status403Forbidden);
        }

        return proxy.TakeLink(token) is { } accessKey ? signIns.Begin(context, accessKey, "")
            : signIns.RefuseSeldom(
                context.Connection.RemoteIpAddress, "a link that is not valid", "", UsedUp, StatusCodes.Status403Forbidden);
    }

    private static async Task<IResult> SignOutAsync(HttpContext context, IAntiforgery antiforgery, Sessions sessions, SignIns signIns)
    {
        if (!await antiforgery.IsRequestValidAsync(context))
        {
            return Results.StatusCode(StatusCodes.Status400BadRequest);
        }

        sessions.End(context.Features.Get<Session>()!.Id);
        return signIns.Leave(context);
    }

    /// <summary>Whether a secret can be read on its way by no one: with TLS, or on this machine.</summary>
    private static bool MaySend(HttpContext context) => context.Request.IsHttps
        || (context.Connection.LocalIpAddress is { } own && IPAddress.IsLoopback(own));

    /// <summary>A path of the console, encoded; the first page in place of anything else.</summary>
    internal static string Local(string? to) =>
        to is ['/', ..] && !to.StartsWith("//", StringComparison.Ordinal) && !to.Contains('\\', StringComparison.Ordinal)
            && to.All(static c => c is > ' ' and <= '~') ? to : "/";

    /// <summary>The sign-in page.</summary>
    internal static RazorComponentResult<SignInPage> Page(string? to, string? problem, int status) =>
        new(new { To = Local(to), Problem = problem }) { StatusCode = status };
}

/// <summary>Begins and ends sessions for the endpoints.</summary>
internal sealed class SignIns(IProxy proxy, Sessions sessions, ConsoleAddresses addresses, ILogger<SignIns> logger)
{
    /// <summary>How often the log names a reason whose attempts have no limit: those who make them must not fill it.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, long> _said = [];

    /// <summary>
    /// Signs a key in. The browser's session of another key ends. One of the same key goes on, and with it the other open pages.
    /// </summary>
    public IResult Begin(HttpContext context, string accessKey, string to)
    {
        if (proxy.Find(accessKey) is not { } key)
        {
            return Results.StatusCode(StatusCodes.Status403Forbidden);
        }

        var before = context.Features.Get<Session>();
        if (before?.AccessKey == accessKey && sessions.IsRunning(before.Id))
        {
            return Results.Redirect(SignInEndpoints.Local(to));
        }

        if (before is not null)
        {
            sessions.End(before.Id);
        }

        SessionAuthentication.SetCookie(context, addresses, sessions.Begin(key));
        Logged.SignedIn(logger, accessKey, $"{context.Connection.RemoteIpAddress}");
        return Results.Redirect(SignInEndpoints.Local(to));
    }

    /// <summary>Refuses an attempt.</summary>
    public IResult Refuse(IPAddress? from, string reason, string to, string line, int status)
    {
        Logged.Refused(logger, $"{from}", reason);
        return SignInEndpoints.Page(to, line, status);
    }

    /// <summary>Refuses an attempt of which there may be any number. Logs each reason at most once a minute.</summary>
    public IResult RefuseSeldom(IPAddress? from, string reason, string to, string line, int status)
    {
        lock (_lock)
        {
            if (!_said.TryGetValue(reason, out var at) || proxy.Time.GetElapsedTime(at) >= Pause)
            {
                _said[reason] = proxy.Time.GetTimestamp();
                Logged.Refused(logger, $"{from}", $"{reason}; more of these are not logged for a minute");
            }
        }

        return SignInEndpoints.Page(to, line, status);
    }

    /// <summary>Signs out.</summary>
    public IResult Leave(HttpContext context)
    {
        SessionAuthentication.RemoveCookie(context, addresses);
        return Results.Redirect("/sign-in");
    }
}
