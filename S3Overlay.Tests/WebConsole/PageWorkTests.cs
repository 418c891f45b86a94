using System.Security.Claims;

using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.RenderTree;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

using S3Overlay.Tests.Support;
using S3Overlay.WebConsole.Gateway;
using S3Overlay.WebConsole.Pages;
using S3Overlay.WebConsole.Security;

#pragma warning disable BL0006 // the types of rendering: a renderer that shows nothing needs them

namespace S3Overlay.Tests.WebConsole;

/// <summary>
/// What a page does ends with its session. Its connection is cut then, but the page itself lives on for a minute, in case it comes back.
/// </summary>
public sealed class PageWorkTests : IAsyncDisposable
{
    private readonly ManualTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly FakeProxy _proxy;
    private readonly Sessions _sessions;
    private readonly SignedIn _caller;
    private readonly ProxyGateway _gateway;
    private readonly Screen _screen = new(new ServiceCollection().BuildServiceProvider());

    public PageWorkTests()
    {
        _proxy = new FakeProxy(_time);
        _sessions = new Sessions(_proxy);
        var cookie = _sessions.Begin(new ProxyKey("key", IsAdministrator: true));
        var session = _sessions.Find(cookie)!.Value.Session;
        _caller = new SignedIn(new Known(session.Id), _sessions);
        _gateway = new ProxyGateway(_proxy, _caller);
    }

    public async ValueTask DisposeAsync()
    {
        await _screen.DisposeAsync();
        _sessions.Dispose();
    }

    [Theory]
    [InlineData("signed out")]
    [InlineData("too old")]
    public async Task The_work_of_a_page_ends_with_its_session(string how)
    {
        var page = new Working { Gateway = _gateway };
        var showing = _screen.ShowAsync(page);
        await page.Begun.Task.WaitAsync(Patience.Limit);
        Assert.False(page.Token.IsCancellationRequested);

        if (how == "signed out")
        {
            await _caller.EndAsync();
        }
        else
        {
            _time.Advance(Sessions.Lifetime);
        }

        Assert.True(page.Token.IsCancellationRequested);
        await showing.WaitAsync(Patience.Limit);
    }

    [Fact]
    public async Task The_work_of_a_page_whose_session_is_over_ends_at_once()
    {
        await _caller.EndAsync();
        var page = new Working { Gateway = _gateway };

        await _screen.ShowAsync(page).WaitAsync(Patience.Limit);

        Assert.True(page.Token.IsCancellationRequested);
    }

    [Fact]
    public async Task The_work_of_a_page_ends_with_the_page_and_its_session_may_end_later()
    {
        var page = new Working { Gateway = _gateway };
        var showing = _screen.ShowAsync(page);
        await page.Begun.Task.WaitAsync(Patience.Limit);

        page.Dispose();

        Assert.True(page.Token.IsCancellationRequested);
        await showing.WaitAsync(Patience.Limit);
        await _caller.EndAsync();
    }

    /// <summary>A page whose data never comes.</summary>
    private sealed class Working : ConsolePage
    {
        public TaskCompletionSource Begun { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public CancellationToken Token => Leaving;

        protected override Task LoadAsync()
        {
            Begun.SetResult();
            return Task.Delay(Timeout.Infinite, Leaving);
        }
    }

    private sealed class Known(string session) : AuthenticationStateProvider
    {
        public override Task<AuthenticationState> GetAuthenticationStateAsync() => Task.FromResult(new AuthenticationState(new(
            new ClaimsIdentity([new(ClaimTypes.Name, "key"), new(SessionAuthentication.SessionClaim, session)], "test"))));
    }

    /// <summary>Shows a component as a circuit does, without a browser.</summary>
    private sealed class Screen(IServiceProvider services) : Renderer(services, NullLoggerFactory.Instance)
    {
        public override Dispatcher Dispatcher { get; } = Dispatcher.CreateDefault();

        public Task ShowAsync(IComponent component) =>
            Dispatcher.InvokeAsync(() => RenderRootComponentAsync(AssignRootComponentId(component)));

        protected override IComponent ResolveComponentForRenderMode(
            Type componentType, int? parentComponentId, IComponentActivator componentActivator, IComponentRenderMode renderMode) =>
            throw new NotSupportedException();

        protected override Task UpdateDisplayAsync(in RenderBatch renderBatch) => Task.CompletedTask;

        protected override void HandleException(Exception exception) => Assert.Fail(exception.ToString());
    }
}
