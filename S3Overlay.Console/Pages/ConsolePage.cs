using Microsoft.AspNetCore.Components;

using S3Overlay.WebConsole.Gateway;

namespace S3Overlay.WebConsole.Pages;

/// <summary>
/// What pages have in common: the gateway, a token that ends with the page, and where errors of the proxy go. A page loads its data in
/// <see cref="LoadAsync"/>, and does things through <see cref="TryAsync"/>.
/// </summary>
public abstract class ConsolePage : ComponentBase, IDisposable
{
    private readonly CancellationTokenSource _leaving = new();
    private CancellationTokenRegistration _ending;
    private bool _isDisposed;

    /// <summary>Makes a page.</summary>
    protected ConsolePage() => Leaving = _leaving.Token;

    /// <summary>Requests to the proxy with the rights of the signed-in key.</summary>
    [Inject]
    internal ProxyGateway Gateway { get; set; } = null!;

    /// <summary>Cancelled when the user leaves the page or signs out. Can be asked after that, too.</summary>
    protected CancellationToken Leaving { get; }

    /// <summary>What the proxy refused last; null if nothing. Show it with <c>ProblemBar</c>.</summary>
    internal ProxyError? Problem { get; private set; }

    /// <summary>Whether <see cref="LoadAsync"/> has ended.</summary>
    protected bool IsLoaded { get; private set; }

    /// <summary>Loads the page's data. Not called while the page is only rendered for its first paint.</summary>
    protected virtual Task LoadAsync() => Task.CompletedTask;

    /// <summary>Does something, and shows the proxy's error if it refuses.</summary>
    /// <returns>Whether it was done.</returns>
    protected async Task<bool> TryAsync(Func<CancellationToken, Task> act)
    {
        try
        {
            Problem = null;
            await act(Leaving);
            return true;
        }
        catch (ProxyError refusal)
        {
            Problem = refusal;
            return false;
        }
        catch (Exception failure) when (ProxyError.IsOfResponse(failure))
        {
            // Of a body that the page reads itself.
            Problem = ProxyError.Of(failure);
            return false;
        }
        catch (OperationCanceledException) when (Leaving.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>Forgets the error, and loads again.</summary>
    protected async Task ReloadAsync()
    {
        await TryAsync(_ => LoadAsync());
        IsLoaded = true;
        StateHasChanged();
    }

    /// <inheritdoc/>
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        // Only a page with a connection comes here: the first paint never loads anything twice.
        if (firstRender)
        {
            // A page without a connection lives on for a while: its work must not.
            var ended = await Gateway.EndedAsync();
            if (!_isDisposed)
            {
                _ending = ended.UnsafeRegister(static leaving => ((CancellationTokenSource)leaving!).Cancel(), _leaving);
                await ReloadAsync();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Ends what the page still does.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing && !_isDisposed)
        {
            _isDisposed = true;
            _ending.Dispose();
            _leaving.Cancel();
            _leaving.Dispose();
        }
    }
}
