using System.Reflection;

using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components;

using S3Overlay.WebConsole.Hosting;

namespace S3Overlay.Tests.WebConsole;

/// <summary>Every page of the console, as its assembly has them: a test over these cannot forget a new one.</summary>
internal static class ConsolePages
{
    private static readonly List<(string Route, bool IsForAdministrators)> Found =
    [
        .. from type in typeof(ConsoleApp).Assembly.GetTypes()
           from route in type.GetCustomAttributes<RouteAttribute>()
           select (route.Template, type.GetCustomAttributes<AuthorizeAttribute>().Any(static needs => needs.Roles == "admin")),
    ];

    public static IEnumerable<string> All => Found.Select(static page => page.Route);

    public static IEnumerable<string> ForAdministrators => Found.Where(static page => page.IsForAdministrators)
        .Select(static page => page.Route);
}
