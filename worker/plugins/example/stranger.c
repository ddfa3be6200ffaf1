/*  stranger – a plug-in of another ABI, for the tests: it is refused. */
#include <tocsin_plugin.h>

const tocsin_plugin_t *
tocsin_plugin (void)
{
    static const tocsin_plugin_t stranger = {.abi = TOCSIN_PLUGIN_ABI + 1, .version = "0"};
    return &stranger;
}
