using Microsoft.AspNetCore.Http;

namespace S3Overlay.WebConsole.Security;

/// <summary>
/// The connections of pages: only with a session, which they end with, and only so many. Runs before authorization, so that it also sees
/// the negotiation.
/// </summary>
internal sealed class CircuitGuard(RequestDelegate next, OpenPages pages)
{
    private const string Hub = "/_blazor";

    /// <summary>Serves a request.</summary>
    public async Task InvokeAsync(HttpContext context)
    {
        if (!context.Request.Path.StartsWithSegments(Hub, StringComparison.OrdinalIgnoreCase, out var rest))
        {
            await next(context);
            return;
        }

        if (context.Features.Get<Session>() is not { } session)
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }

        // A page holds a socket for as long as it is open. It needs no negotiation before it; where there is one, a page learns early that
        // there is no room. Long polling and server-sent events would be pages that nothing counts.
        var part = rest.Value?.Trim('/') ?? "";
        var isConnection = part.Length == 0;
        if (isConnection && !context.WebSockets.IsWebSocketRequest)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        var isNegotiation = part.Equals("negotiate", StringComparison.OrdinalIgnoreCase);
        if (isConnection ? !pages.TryOpen(session) : isNegotiation && !pages.HasRoom(session))
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        try
        {
            await using var ending = session.Ended.Register(static context => ((HttpContext)context!).Abort(), context);
            await next(context);
        }
        finally
        {
            if (isConnection)
            {
                pages.Close(session);
            }
        }
    }
}

/// <summary>The pages that are open. Each costs memory of the proxy.</summary>
internal sealed class OpenPages
{
    /// <summary>The most pages at a time.</summary>
    public const int Most = 100;

    /// <summary>The most pages of one session: a browser must not use up what others need.</summary>
    public const int MostOfSession = 25;

    private readonly Lock _lock = new();
    private int _open;

    /// <summary>Whether a session may open another page.</summary>
    public bool HasRoom(Session session)
    {
        lock (_lock)
        {
            return _open < Most && session.Pages < MostOfSession;
        }
    }

    /// <summary>Opens a page, if there is room. Close it then.</summary>
    public bool TryOpen(Session session)
    {
        lock (_lock)
        {
            if (!HasRoom(session))
            {
                return false;
            }

            _open++;
            session.Pages++;
            return true;
        }
    }

    /// <summary>A page has closed.</summary>
    public void Close(Session session)
    {
        lock (_lock)
        {
            _open--;
            session.Pages--;
        }
    }
}
