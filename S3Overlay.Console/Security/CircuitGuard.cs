using Microsoft.AspNetCore.Components.Server.Circuits;
using Microsoft.AspNetCore.Http;

namespace S3Overlay.WebConsole.Security;

/// <summary>
/// The connections of pages: only with a session, which they end with, and only so many. Runs before authorization, so that it also sees
/// the negotiation.
/// </summary>
internal sealed class CircuitGuard(RequestDelegate next, CircuitCount count)
{
    /// <summary>Serves a request.</summary>
    public async Task InvokeAsync(HttpContext context)
    {
        if (!context.Request.Path.StartsWithSegments("/_blazor", StringComparison.Ordinal))
        {
            await next(context);
            return;
        }

        if (context.Features.Get<Session>() is not { } session)
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }

        if (count.IsFull && context.Request.Path.Value!.EndsWith("/negotiate", StringComparison.Ordinal))
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        await using var ending = session.Ended.Register(static context => ((HttpContext)context!).Abort(), context);
        await next(context);
    }
}

/// <summary>How many pages are open.</summary>
internal sealed class CircuitCount
{
    /// <summary>The most pages at a time. Each costs memory of the proxy.</summary>
    public const int Most = 100;

    private int _open;

    /// <summary>Whether no more pages may be opened.</summary>
    public bool IsFull => Volatile.Read(ref _open) >= Most;

    /// <summary>A page opens or closes.</summary>
    public void Add(int change) => Interlocked.Add(ref _open, change);
}

/// <summary>Counts pages.</summary>
internal sealed class CountedCircuits(CircuitCount count) : CircuitHandler
{
    /// <inheritdoc/>
    public override Task OnCircuitOpenedAsync(Circuit circuit, CancellationToken cancellationToken)
    {
        count.Add(1);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override Task OnCircuitClosedAsync(Circuit circuit, CancellationToken cancellationToken)
    {
        count.Add(-1);
        return Task.CompletedTask;
    }
}
