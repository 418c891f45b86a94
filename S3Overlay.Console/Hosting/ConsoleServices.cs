using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components.Server;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.FluentUI.AspNetCore.Components;

using S3Overlay.WebConsole.Gateway;
using S3Overlay.WebConsole.Layout;
using S3Overlay.WebConsole.Pages.Changes;
using S3Overlay.WebConsole.Pages.Overview;
using S3Overlay.WebConsole.Pages.Requests;
using S3Overlay.WebConsole.Security;

namespace S3Overlay.WebConsole.Hosting;

/// <summary>The services of the console.</summary>
internal static class ConsoleServices
{
    /// <summary>How long a page that lost its connection can come back to the same state.</summary>
    private static readonly TimeSpan Retention = TimeSpan.FromMinutes(1);

    /// <summary>Adds all services.</summary>
    public static void AddConsole(this IServiceCollection services, IProxy proxy, ConsoleAddresses addresses)
    {
        services.AddSingleton(proxy);
        services.AddSingleton(proxy.Time);
        services.AddSingleton(addresses);
        services.AddSingleton<Sessions>();
        services.AddSingleton<SignInLimits>();
        services.AddSingleton<SignIns>();
        services.AddSingleton<OpenPages>();
        services.AddSingleton<OverviewFeed>();
        services.AddSingleton<ArchiveOffers>();
        services.AddSingleton<RequestGateways>();
        services.AddSingleton<RequestsFeed>();
        services.AddScoped<ICaller, SignedIn>();
        services.AddScoped<ProxyGateway>();
        services.AddSecurity(addresses);
        services.AddRazorComponents().AddInteractiveServerComponents(static circuits =>
        {
            circuits.DisconnectedCircuitMaxRetained = OpenPages.Most / 4;
            circuits.DisconnectedCircuitRetentionPeriod = Retention;
        });
        services.AddFluentUIComponents();
    }

    /// <summary>Maps the pages, for signed-in keys.</summary>
    public static void MapPages(this IEndpointRouteBuilder app) => app.MapRazorComponents<App>().AddInteractiveServerRenderMode(
        static mode =>
        {
            // SecurityHeaders says it for all responses.
            mode.ContentSecurityFrameAncestorsPolicy = null;

            // What is compressed together with a secret can reveal it by its length.
            mode.DisableWebSocketCompression = true;
        });

    private static void AddSecurity(this IServiceCollection services, ConsoleAddresses addresses)
    {
        // Keys in memory: sessions end with the process, and nothing is written to disk.
        services.AddDataProtection().UseEphemeralDataProtectionProvider();
        services.AddAntiforgery(antiforgery =>
        {
            antiforgery.Cookie.Name = addresses.CookieName("form");
            antiforgery.Cookie.SameSite = SameSiteMode.Strict;
            antiforgery.Cookie.HttpOnly = true;
            antiforgery.Cookie.Path = "/";
            antiforgery.Cookie.SecurePolicy = addresses.IsSecure ? CookieSecurePolicy.Always : CookieSecurePolicy.None;
            antiforgery.SuppressXFrameOptionsHeader = true;
        });
        services.AddAuthentication(SessionAuthentication.Scheme)
            .AddScheme<CookieSchemeOptions, SessionAuthentication>(SessionAuthentication.Scheme, null);
        services.AddAuthorizationBuilder().SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build());
        services.AddCascadingAuthenticationState();
        services.AddHttpContextAccessor();
    }
}
